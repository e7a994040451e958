import type { ErrorReport } from '../domain/errors.ts';
import type { RunOutcome, StopReason } from '../domain/outcome.ts';
import { getJob, transition } from '../store/jobs.ts';
import type { Claimed } from '../store/queue.ts';
import { endRun } from '../store/runs.ts';
import type { Store } from '../store/store.ts';
import type { RunResult } from './run.ts';

/** Crashes in a row without a newly committed chunk before a job is quarantined. */
export const MAX_CRASHES = 3;

const ACTOR = 'supervisor';

/** What became of the job. `again` means that it waits for its next run right now. */
export type Settlement = 'at rest' | 'again' | 'stopped';

/**
 * Writes how a run ended and what that means for its job. Each change names the lease: when somebody else has taken or
 * ended the job meanwhile, only the run's own end is written.
 */
export async function settle(
  store: Store,
  { job, run }: Claimed,
  result: RunResult,
  logTail: string,
): Promise<Settlement> {
  const now = await getJob(store, job.id);
  // A runner that dies between its last commit and its last word has done its work.
  const outcome: RunOutcome = now?.status === 'completed' ? { type: 'completed' } : result.outcome;
  const evidence =
    outcome.type === 'crashed' || outcome.type === 'failed' ? (outcome.error.evidence ?? logTail) : undefined;
  await endRun(store, run.id, { outcome: outcome.type, ...endOf(outcome), evidence, ...result.usage });
  const leaseToken = run.lease_token;
  const elapsed = { elapsed_seconds: result.elapsedSeconds };
  switch (outcome.type) {
    case 'completed':
    case 'orphaned':
      return 'at rest';
    case 'failed':
      await failJob(store, job.id, leaseToken, outcome.error, elapsed);
      return 'at rest';
    case 'crashed': {
      const crashes = (now?.crash_count ?? 0) + 1;
      const set = { ...elapsed, crash_count: crashes };
      if (crashes >= MAX_CRASHES) {
        await failJob(store, job.id, leaseToken, quarantine(crashes, outcome.error), set);
        return 'at rest';
      }
      const reason = outcome.error.message;
      const won = await transition(store, job.id, 'pending', { leaseToken, actor: ACTOR, reason, set });
      return won ? 'again' : 'at rest';
    }
    case 'stopped':
      await stopJob(store, job.id, leaseToken, outcome.why, elapsed);
      return 'stopped';
  }
}

async function failJob(store: Store, id: number, leaseToken: string, error: ErrorReport, more: object): Promise<void> {
  await transition(store, id, 'failed', {
    leaseToken,
    actor: ACTOR,
    reason: error.message,
    set: { error_message: error.message, error_kind: error.kind, error_remedy: error.remedy ?? null, ...more },
  });
}

async function stopJob(store: Store, id: number, leaseToken: string, why: StopReason, set: object): Promise<void> {
  // Whoever cancels has written that before the run was told.
  if (why === 'cancel') return;
  if (why === 'pause') {
    await transition(store, id, 'paused', {
      leaseToken,
      actor: 'user',
      reason: 'paused',
      set: { ...set, paused_by: 'user' },
    });
    return;
  }
  // A lease that was thought lost may be ours still, when only the store could not be asked; else this changes nothing.
  const actor = why === 'interrupted' ? 'user' : ACTOR;
  await transition(store, id, 'pending', { leaseToken, actor, reason: why, set });
}

function endOf(outcome: RunOutcome) {
  switch (outcome.type) {
    case 'completed':
      return {};
    case 'failed':
      return { error: outcome.error };
    case 'crashed':
      return { error: outcome.error, exitCode: outcome.code, exitSignal: outcome.signal };
    case 'stopped':
      return { reason: outcome.why };
    case 'orphaned':
      return { reason: outcome.reason };
  }
}

function quarantine(crashes: number, last: ErrorReport): ErrorReport {
  return {
    ...last,
    message: `Quarantined: the job ended its process ${crashes} times in a row without finishing a chunk. The last time: ${last.message}`,
    remedy:
      'The evidence is kept with the run (longhand show). Try another engine or model, or resume the job to try again.',
  };
}
