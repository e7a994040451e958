import type { ErrorReport } from '../domain/errors.ts';
import type { Pauser } from '../domain/job.ts';
import type { RunOutcome, StopReason } from '../domain/outcome.ts';
import { naming, remedyOfFailedJob } from '../domain/remedies.ts';
import { RETRY_POLICIES, type RetryDecision, retriesOfKind, retryDecision } from '../domain/retry.ts';
import { getJob, transition } from '../store/jobs.ts';
import type { Claimed } from '../store/queue.ts';
import { endRun, listRuns } from '../store/runs.ts';
import type { JobRow } from '../store/schema.ts';
import type { Store } from '../store/store.ts';
import type { RunResult } from './run.ts';

/** Crashes in a row without a newly committed chunk before a job is quarantined. */
export const MAX_CRASHES = 3;

const ACTOR = 'supervisor';

/** What is decided about jobs whose run has failed. */
export interface RetryRules {
  /** MAX_RETRY_ATTEMPTS. */
  maxRetries: number;
  /** A number from 0 up to 1. */
  dice(): number;
  /** The model to take after one that ran out of memory, or why there is none; nothing for an engine that has one only. */
  smallerModel(job: JobRow): Promise<{ model: string } | { problem: string } | undefined>;
  /** No job can go on until there is space on the disk. */
  diskFull(error: ErrorReport): Promise<void>;
}

/**
 * Writes how a run ended and what that means for its job. Each change names the lease: when somebody else has taken or
 * ended the job meanwhile, only the run's own end is written.
 * @returns how it goes on, where the job neither ended nor simply waits again: a retry, a paused queue
 */
export async function settle(
  store: Store,
  rules: RetryRules,
  { job, run }: Claimed,
  result: RunResult,
  logTail: string,
): Promise<string | undefined> {
  const now = await getJob(store, job.id);
  // A runner that dies between its last commit and its last word has done its work.
  const outcome: RunOutcome = now?.status === 'completed' ? { type: 'completed' } : result.outcome;
  const evidence =
    outcome.type === 'crashed' || outcome.type === 'failed' ? (outcome.error.evidence ?? logTail) : undefined;
  await endRun(store, run.id, { outcome: outcome.type, ...endOf(outcome, job.id), evidence, ...result.usage });
  const leaseToken = run.lease_token;
  const { elapsedSeconds, percent } = result;
  const elapsed = { elapsed_seconds: elapsedSeconds, ...(percent === undefined ? {} : { progress: percent }) };
  switch (outcome.type) {
    case 'completed':
    case 'orphaned':
      return undefined;
    case 'stopped':
      await stopJob(store, job.id, leaseToken, outcome.why, { set: elapsed, by: result.askedBy });
      return undefined;
    case 'failed':
      return await retryOrFail(store, rules, { job: now ?? job, runId: run.id, leaseToken }, outcome.error, elapsed);
    case 'crashed': {
      // The process is gone as after any crash, but the same again would end the same way.
      if (RETRY_POLICIES[outcome.error.kind].takesSmallerModel) {
        return await retryOrFail(store, rules, { job: now ?? job, runId: run.id, leaseToken }, outcome.error, elapsed);
      }
      const crashes = (now?.crash_count ?? 0) + 1;
      const set = { ...elapsed, crash_count: crashes };
      if (crashes >= MAX_CRASHES) {
        await failJob(store, job.id, leaseToken, quarantine(crashes, outcome.error), set);
        return undefined;
      }
      await transition(store, job.id, 'pending', { leaseToken, actor: ACTOR, reason: outcome.error.message, set });
      return undefined;
    }
  }
}

interface Failed {
  /** As it is now. */
  job: JobRow;
  runId: number;
  leaseToken: string;
}

async function retryOrFail(
  store: Store,
  rules: RetryRules,
  { job, runId, leaseToken }: Failed,
  error: ErrorReport,
  set: object,
): Promise<string | undefined> {
  const decision = await decide(store, rules, job, runId, error);
  const { words } = decision;
  switch (decision.type) {
    case 'fail':
      await failJob(store, job.id, leaseToken, { ...error, message: words }, set);
      return undefined;
    case 'pause queue':
      // First the queue: else the job would be taken up again at once.
      await rules.diskFull(error);
      await transition(store, job.id, 'pending', { leaseToken, actor: ACTOR, reason: words, set });
      return words;
    case 'retry': {
      const { delayMs, number, smallerModel } = decision;
      await transition(store, job.id, 'retrying', {
        leaseToken,
        actor: ACTOR,
        reason: words,
        notBefore: store.clock.now() + delayMs,
        set: { ...set, retry_count: number, ...(smallerModel ? { smaller_model: smallerModel } : {}) },
      });
      return words;
    }
  }
}

async function decide(
  store: Store,
  { maxRetries, dice, smallerModel }: RetryRules,
  job: JobRow,
  runId: number,
  error: ErrorReport,
): Promise<RetryDecision> {
  const retriesInAll = job.retry_count;
  const earlier = (await listRuns(store, job.id)).filter(({ id }) => id !== runId);
  return retryDecision({
    ...{ error, retriesInAll, maxRetries, dice },
    retriesOfKind: retriesOfKind(error.kind, earlier, retriesInAll),
    smaller: RETRY_POLICIES[error.kind].takesSmallerModel ? await smallerModel(job) : undefined,
  });
}

async function failJob(store: Store, id: number, leaseToken: string, error: ErrorReport, more: object): Promise<void> {
  await transition(store, id, 'failed', {
    leaseToken,
    actor: ACTOR,
    reason: error.message,
    set: { error_message: error.message, error_kind: error.kind, error_remedy: remedyOfFailedJob(error, id), ...more },
  });
}

/** Whom the job waits for, by why its run was stopped. */
const PAUSED_BY: Partial<Record<StopReason, Pauser>> = {
  pause: 'user',
  'quiet hours': 'quiet hours',
  'queue paused': 'queue',
};

async function stopJob(
  store: Store,
  id: number,
  leaseToken: string,
  why: StopReason,
  { set, by = 'user' }: { set: object; by?: string | undefined },
): Promise<void> {
  // Whoever cancels has written that before the run was told.
  if (why === 'cancel') return;
  const pauser = PAUSED_BY[why];
  const actor = why === 'interrupted' || why === 'pause' ? by : ACTOR;
  if (pauser) {
    const reason = pauser === 'user' ? 'paused' : `paused: ${why}`;
    await transition(store, id, 'paused', { leaseToken, actor, reason, set: { ...set, paused_by: pauser } });
    return;
  }
  // A lease that was thought lost may be ours still, when only the store could not be asked; else this changes nothing.
  await transition(store, id, 'pending', { leaseToken, actor, reason: why, set });
}

function endOf(outcome: RunOutcome, jobId: number) {
  switch (outcome.type) {
    case 'completed':
      return {};
    case 'failed':
      return { error: named(outcome.error, jobId) };
    case 'crashed':
      return { error: named(outcome.error, jobId), exitCode: outcome.code, exitSignal: outcome.signal };
    case 'stopped':
      return { reason: outcome.why };
    case 'orphaned':
      return { reason: outcome.reason };
  }
}

function named(error: ErrorReport, jobId: number): ErrorReport {
  return error.remedy ? { ...error, remedy: naming(error.remedy, jobId) } : error;
}

/** Its remedy is that of the kind: what the last run said about itself holds no more. */
function quarantine(crashes: number, { remedy: _, ...last }: ErrorReport): ErrorReport {
  return {
    ...last,
    message: `Quarantined: the job ended its process ${crashes} times in a row without finishing a chunk. The last time: ${last.message}`,
  };
}
