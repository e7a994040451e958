import type { Clock } from '../domain/clock.ts';
import { transition } from '../store/jobs.ts';
import { endRun, unendedRuns } from '../store/runs.ts';
import type { JobRow, RunRow } from '../store/schema.ts';
import type { Store } from '../store/store.ts';
import { bootId, type ProcessIdentity } from './identity.ts';
import { dropAudio, jobFolder, removeScratch } from './job-files.ts';
import { type KillReport, killTree } from './kill-tree.ts';
import { MAX_CRASHES } from './settle.ts';

/** A run whose owner is gone, and what was done about it. */
export interface Recovered {
  jobId: number;
  runId: number;
  killed: KillReport['killed'];
  status: 'pending' | 'failed';
}

/**
 * Ends what a dead owner left and makes its jobs wait again, each at its checkpoint.
 *
 * Called by a new owner before it does anything else; while it holds the owner's lock no other owner lives. A run that
 * had committed something is charged nothing: it went with its owner. One that had committed nothing counts as a crash,
 * because it may be what took the owner down.
 */
export async function recoverRuns(store: Store, clock: Clock, dataDir: string): Promise<Recovered[]> {
  const recovered: Recovered[] = [];
  for (const { run, job } of await unendedRuns(store)) {
    const leader = leaderOf(run);
    const { killed } = await killTree({ token: run.token, ...(leader ? { leader } : {}) }, clock, 0);
    await removeScratch(jobFolder(dataDir, job.id));
    if (job.status === 'completed') {
      // It had said its last word; only its owner could not hear it any more.
      await endRun(store, run.id, { outcome: 'completed' });
      await dropAudio(store, job.id, jobFolder(dataDir, job.id));
      continue;
    }
    const reason = 'Its owner ended without stopping it';
    await endRun(store, run.id, { outcome: 'orphaned', reason });
    if (job.lease_token !== run.lease_token) continue;
    const status = await takeBack(store, job, run, reason);
    recovered.push({ jobId: job.id, runId: run.id, killed, status });
  }
  return recovered;
}

async function takeBack(store: Store, job: JobRow, run: RunRow, reason: string): Promise<'pending' | 'failed'> {
  const crashes = run.chunks_committed > 0 ? 0 : job.crash_count + 1;
  const how = { leaseToken: run.lease_token, actor: 'supervisor', reason };
  if (crashes < MAX_CRASHES) {
    await transition(store, job.id, 'pending', { ...how, set: { crash_count: crashes } });
    return 'pending';
  }
  const message = `Quarantined: ${crashes} times in a row its process and Longhand ended without a finished chunk.`;
  await transition(store, job.id, 'failed', {
    ...how,
    reason: message,
    set: {
      crash_count: crashes,
      error_kind: 'crash',
      error_message: message,
      error_remedy: `See longhand show ${job.id}; then longhand resume ${job.id} to try again.`,
    },
  });
  return 'failed';
}

/** The recorded process, unless the machine was restarted since: then none of its numbers means anything. */
function leaderOf(run: RunRow): ProcessIdentity | undefined {
  if (run.pid === null || run.pid_start_time === null || run.boot_id !== bootId()) return undefined;
  return { pid: run.pid, startTime: run.pid_start_time, bootId: run.boot_id };
}
