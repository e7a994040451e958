/** Gathers the figures of the supervision. */
import { ORPHAN_TIMEOUT_SECONDS } from '../domain/job.ts';
import { logFiles } from '../logs/retention.ts';
import { type Health, healthFrom, healthUnknown, metricsFrom, type ProcessMetrics } from './health.ts';
import { isAlive } from './identity.ts';
import { isOrphan } from './orphan-cleanup.ts';
import type { RegisteredProcess } from './process-registry.ts';
import { usageOf } from './process-status.ts';
import type { ProcessTable } from './process-table.ts';

export interface Figures {
  metrics: ProcessMetrics;
  /** Registered processes whose heartbeat is older than 300 s, now. */
  orphanedCount: number;
}

/** @throws when the registry cannot be asked, or the folder of the logs cannot be read */
export async function figuresOf(table: ProcessTable): Promise<Figures> {
  const [counts, entries, logs] = await Promise.all([
    table.ask((registry) => registry.counts()),
    table.ask((registry) => registry.list()),
    logFiles(table.logDir),
  ]);
  forgetMeters(table, entries);
  const active = entries.filter(({ identity }) => isAlive(identity));
  const metrics = metricsFrom({
    counts,
    logs,
    listed: entries.length,
    usages: active.map((entry) => usageOf(table, entry)),
    orphanedCleaned: table.orphans.total,
    avgHeartbeatDelay: table.delays.average,
    errorsCount: table.errorsCount,
  });
  return { metrics, orphanedCount: entries.filter((entry) => isOrphan(table, entry, ORPHAN_TIMEOUT_SECONDS)).length };
}

/** The health that follows from the figures; degraded when they cannot be had. Never rejects. */
export async function healthOf(table: ProcessTable): Promise<Health> {
  try {
    const { metrics, orphanedCount } = await figuresOf(table);
    return healthFrom(metrics, { orphanedCount, recentlyCleaned: table.orphans.recent });
  } catch (error) {
    return healthUnknown(error, table.errorsCount);
  }
}

/** Of processes that are not registered any more. */
function forgetMeters({ meters }: ProcessTable, entries: readonly RegisteredProcess[]): void {
  const listed = new Set(entries.map(({ jobId }) => jobId));
  for (const jobId of [...meters.keys()]) if (!listed.has(jobId)) meters.delete(jobId);
}
