import type { Updateable } from 'kysely';
import { isAtRest, type JobStatus } from '../domain/job.ts';
import { PROGRESS_MARKS } from '../domain/stage.ts';
import { compiled } from './compiled.ts';
import { appendEvent } from './events.ts';
import { type JobHead, lockJob } from './fence.ts';
import { literal } from './literal.ts';
import { noteEndOfJob } from './notification-outbox.ts';
import { leaveQueue, returnToQueue, setNotBefore } from './queue-rows.ts';
import { type Conditions, objection } from './refusal.ts';
import type { JobPatch, JobsTable, LeaseColumn } from './schema.ts';
import type { Store, Trx } from './store.ts';
import { inTransaction } from './transaction.ts';
import { addEngineVersion } from './transcript-versions.ts';

export interface Transition extends Conditions {
  /** Who does it. */
  actor: string;
  /** Why, in words for a person. */
  reason: string;
  /** Columns that change with it. They win over what the step itself sets. */
  set?: Omit<JobPatch, LeaseColumn>;
  /** Kept with the event as JSON. */
  data?: unknown;
  /** For `pending` and `retrying`: not to be worked on before this moment. */
  notBefore?: number;
  /** What else belongs to the step, in its transaction. It may be done twice; then what came first was rolled back. */
  also?(trx: Trx): Promise<void>;
}

/**
 * Takes a job from one state to another, if that is legal and nobody was faster. The state, the job's place in the
 * queue and the event are one transaction.
 *
 * Besides the state it keeps in order what hangs on it: the lease ends with `processing`; an end has its time; a job
 * that a person asks for again, from `completed`, `failed` or `cancelled`, starts with its counts of failures at zero and
 * all of its time limit before it. `processing` is reached by a claim alone (`claimNext`).
 *
 * @returns whether this call did it; false leaves no trace, and `explainRefusal` says why
 */
export async function transition(store: Store, id: number, to: JobStatus, how: Transition): Promise<boolean> {
  return await inTransaction(store, (trx) => moveJob(store, trx, id, to, how));
}

/**
 * Hands in the result: the job is `completed`, with its text. Where there are versions of it, this is the newest one.
 * @returns false when the lease is lost; then nothing was written
 */
export async function finishJob(
  store: Store,
  id: number,
  leaseToken: string,
  result: { transcript: string; outputPath?: string; elapsedSeconds: number; speed: number; actor?: string },
): Promise<boolean> {
  return await transition(store, id, 'completed', {
    leaseToken,
    actor: result.actor ?? 'supervisor',
    reason: 'All stages are complete',
    set: {
      transcript: result.transcript,
      elapsed_seconds: result.elapsedSeconds,
      speed: result.speed,
      progress: PROGRESS_MARKS.complete.percent,
      progress_stage: PROGRESS_MARKS.complete.words(),
      ...(result.outputPath === undefined ? {} : { output_path: result.outputPath }),
      ...NO_ERROR,
    },
    also: async (trx) => {
      await completeRun(trx, { jobId: id, leaseToken });
      await addEngineVersion(store, trx, id);
    },
  });
}

/** How the run went is known with its result; what it used is, when its processes are gone (`endRun`). */
const completeRun = compiled((db, { jobId, leaseToken }: { jobId: number; leaseToken: string }) =>
  db
    .updateTable('runs')
    .set({ outcome: literal('completed') })
    .where('job_id', '=', jobId)
    .where('lease_token', '=', leaseToken)
    .where('ended_at', 'is', null),
);

const NO_ERROR = { error_message: null, error_kind: null, error_remedy: null } as const;
const NO_LEASE = { lease_token: null, lease_until: null, lease_node: null, current_run_id: null } as const;

async function moveJob(store: Store, trx: Trx, id: number, to: JobStatus, how: Transition): Promise<boolean> {
  const now = store.clock.now();
  const job = await lockJob(store, trx, id);
  if (!job || objection(id, job, to, how) !== undefined) return false;

  const changes = { ...follows(job.status, to, now), ...startsLimit(job, to, how), ...how.set };
  const update = { ...changes, status: to, updated_at: now, of: id };
  const { numAffectedRows } = await updateFrom(trx, update, job.status);
  if (numAffectedRows !== 1n) return false;

  if (to === 'pending') await returnToQueue(trx, id, { now, priority: job.priority, notBefore: how.notBefore ?? 0 });
  if (to === 'retrying') await setNotBefore(trx, id, how.notBefore ?? 0);
  if (isAtRest(to)) await leaveQueue(trx, id);
  if (isAskedForAgain(job.status, to)) await forgetFailedChunks(trx, id);
  if (job.status === 'processing' && to !== 'completed') await haltStages(trx, id);
  await how.also?.(trx);
  if (isEnd(to)) await noteEndOfJob(store, trx, { jobId: id, status: to, at: now });

  await appendEvent(store, trx, {
    jobId: id,
    at: now,
    type: 'status',
    fromStatus: job.status,
    toStatus: to,
    actor: how.actor,
    reason: how.reason,
    data: to === 'paused' ? { ...Object(how.data), pausedBy: how.set?.paused_by ?? null } : how.data,
  });
  return true;
}

type Update = Omit<Updateable<JobsTable>, 'id'> & { of: number };

const updateFrom = compiled((db, { of, ...changes }: Update, from: JobStatus) =>
  db.updateTable('transcription_jobs').set(changes).where('id', '=', of).where('status', '=', literal(from)),
);

function follows(from: JobStatus, to: JobStatus, now: number): JobPatch {
  return {
    ...(from === 'processing' ? NO_LEASE : {}),
    ...(from === 'paused' ? { paused_by: null } : {}),
    ...(isEnd(to) ? { completed_at: now } : {}),
    ...(isAtRest(from) && to === 'pending' ? { ...NO_ERROR, completed_at: null } : {}),
    // Whoever asks for it again wants it, whatever became of the page that it was started from.
    ...(isAskedForAgain(from, to) ? { crash_count: 0, retry_count: 0, on_leave: null } : {}),
  };
}

function isEnd(status: JobStatus): status is 'completed' | 'failed' | 'cancelled' {
  return isAtRest(status) && status !== 'paused';
}

/** The time limit counts from what is worked by then, or from what the caller says is. */
function startsLimit(job: JobHead, to: JobStatus, { set }: Transition): JobPatch {
  if (!isAskedForAgain(job.status, to)) return {};
  return { limit_from_seconds: set?.elapsed_seconds ?? job.elapsed_seconds };
}

/** A pause is not among them: a job that goes on after one has what was left to it. */
function isAskedForAgain(from: JobStatus, to: JobStatus): boolean {
  return to === 'pending' && isAtRest(from) && from !== 'paused';
}

/** Nobody works on them any more; what they gave so far stays for the next run. */
async function haltStages(trx: Trx, jobId: number): Promise<void> {
  await trx
    .updateTable('stages')
    .set({ status: 'not_started' })
    .where('job_id', '=', jobId)
    .where('status', '=', 'processing')
    .execute();
}

async function forgetFailedChunks(trx: Trx, jobId: number): Promise<void> {
  await trx
    .updateTable('chunks')
    .set({ status: 'pending', attempts: 0, error_message: null, evidence: null })
    .where('job_id', '=', jobId)
    .where('status', '!=', 'complete')
    .execute();
}
