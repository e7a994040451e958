/** Ends what nobody watches over any more. */
import { reportOf } from '../domain/errors.ts';
import { endTree, mayBeKilled } from './kill-recorded.ts';
import { type EndedProcess, KILL_GRACE_MS } from './kill-tree.ts';
import { settle } from './process-end.ts';
import { isSame, type RegisteredProcess } from './process-registry.ts';
import type { ProcessTable } from './process-table.ts';

export interface OrphanCleanup {
  /** Records that were settled: those of the next two together. */
  cleaned: number;
  /** What was ended, whole trees. */
  killed: (EndedProcess & { jobId: string })[];
  /** Records whose process was gone, or whose number is somebody else's by now: no signal was sent. */
  spared: { jobId: string; pid: number }[];
}

/** Whether a recorded process had no heartbeat for so long. What a monitor of this instance watches is fresh. */
export function isOrphan(table: ProcessTable, entry: RegisteredProcess, timeoutSeconds: number): boolean {
  const held = table.held.get(entry.jobId);
  if (held?.isRunning && isSame(held.entry.identity, entry.identity)) return false;
  return table.clock.now() - entry.lastHeartbeat >= timeoutSeconds * 1000;
}

/**
 * Ends the trees of all orphans, and removes their records. One that fails is told, and the others come all the same.
 * @throws when the registry cannot be asked who there is
 */
export async function cleanupOrphans(table: ProcessTable, timeoutSeconds: number): Promise<OrphanCleanup> {
  const report: OrphanCleanup = { cleaned: 0, killed: [], spared: [] };
  for (const entry of await table.ask((registry) => registry.list())) {
    if (!isOrphan(table, entry, timeoutSeconds)) continue;
    const { jobId } = entry;
    try {
      await table.turns.hold(jobId, () => cleanupOne(table, jobId, timeoutSeconds, report));
    } catch (error) {
      table.problems.tell(`The orphan of job ${jobId} could not be cleaned up: ${reportOf(error).message}`);
    }
  }
  table.orphans.add(report.cleaned);
  return report;
}

async function cleanupOne(
  table: ProcessTable,
  jobId: string,
  timeoutSeconds: number,
  report: OrphanCleanup,
): Promise<void> {
  // Somebody may have been faster, or the process may have been seen alive since.
  const entry = await table.ask((registry) => registry.get(jobId));
  if (!entry || !isOrphan(table, entry, timeoutSeconds)) return;
  const ended = mayBeKilled(entry) ? await endTree(table, entry, KILL_GRACE_MS) : undefined;
  if (ended && !ended.gone) return;
  const removed = await settle(table, entry);
  const processes = ended ? [...ended.terminated, ...ended.killed] : [];
  if (processes.length === 0 && !removed) return;
  report.cleaned += 1;
  report.killed.push(...processes.map((one) => ({ jobId, ...one })));
  if (processes.length === 0) report.spared.push({ jobId, pid: entry.identity.pid });
}
