import type { JobStatus } from '../domain/job.ts';
import type { StopReason } from '../domain/outcome.ts';
import { getJob, transition } from '../store/jobs.ts';
import { takeOverPause } from '../store/pauses.ts';
import type { JobRow } from '../store/schema.ts';
import type { Store } from '../store/store.ts';
import { actor, USER } from './actor.ts';
import { JobStateError, jobNotFound } from './errors.ts';

/** A job may change between the look and the step; it is looked at again this often. */
const TRIES = 3;
/** A cancelled job's work is not waited for. */
const NO_GRACE_MS = 0;

export interface ControlContext {
  store: Store;
  /** Asks a run to stop. @returns whether the job is being worked on here */
  stop(jobId: number, why: StopReason, graceMs?: number, by?: string): boolean;
}

/** What became of a wish. */
export interface Controlled {
  id: number;
  from: JobStatus;
  /** The state it is in now, or will be in as soon as the chunk in flight is done. */
  to: JobStatus;
  /** True while it is still on its way there. */
  stopping: boolean;
  /** Whose pause it was, when the user's has taken its place. */
  pausedBefore?: string;
}

/**
 * Cancels a job that waits, is worked on, or is paused. What is committed stays: it can be resumed.
 * @throws JobNotFoundError, JobStateError when it is over already
 */
export async function cancel({ store, stop }: ControlContext, id: number): Promise<Controlled> {
  return await decide(store, id, async ({ status: from }) => {
    if (from === 'completed' || from === 'failed' || from === 'cancelled') {
      throw new JobStateError(`Job ${id} is ${from}; there is nothing to cancel.`, `See: longhand show ${id}`);
    }
    const reason = from === 'processing' ? 'Stopped by user' : 'Cancelled by user';
    const won = await transition(store, id, 'cancelled', { from: [from], actor: actor(), reason });
    if (!won) return undefined;
    // The row says so first: whatever the run still hands in is refused from here on.
    return { id, from, to: 'cancelled', stopping: stop(id, 'cancel', NO_GRACE_MS) };
  });
}

/**
 * Pauses a job: one that waits at once, one that is worked on after the chunk in flight. One that is paused by quiet hours or
 * with the queue is the user's from then on, and does not go on by itself.
 * @throws JobNotFoundError, JobStateError when there is nothing to pause
 */
export async function pause({ store, stop }: ControlContext, id: number): Promise<Controlled> {
  return await decide(store, id, async (job) => {
    const { status: from } = job;
    if (from === 'processing') {
      return stop(id, 'pause', undefined, actor()) ? { id, from, to: 'paused', stopping: true } : undefined;
    }
    if (from === 'paused' && job.paused_by !== null && job.paused_by !== USER) {
      const pausedBefore = await takeOverPause(store, id, { actor: actor() });
      if (pausedBefore === undefined) return undefined;
      stop(id, 'pause', undefined, actor());
      return { id, from, to: 'paused', stopping: false, pausedBefore };
    }
    if (from === 'retrying') {
      throw new JobStateError(
        `Job ${id} waits for its next try, and nothing of it is running; it cannot be paused.`,
        `Give it up: longhand cancel ${id}. Or let it try now: longhand retry ${id}`,
      );
    }
    if (from !== 'pending') {
      throw new JobStateError(`Job ${id} is ${from}; there is nothing to pause.`, `See: longhand show ${id}`);
    }
    const how = { from: [from], actor: actor(), reason: 'Paused by user', set: { paused_by: USER } };
    if (!(await transition(store, id, 'paused', how))) return undefined;
    // Nothing runs that could be stopped; but nobody waits for it any more.
    stop(id, 'pause', undefined, actor());
    return { id, from, to: 'paused', stopping: false };
  });
}

/** Looks and acts, again when somebody else was faster. */
async function decide(
  store: Store,
  id: number,
  act: (job: JobRow) => Promise<Controlled | undefined>,
): Promise<Controlled> {
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    const job = await getJob(store, id);
    if (!job) throw await jobNotFound(store, id);
    const done = await act(job);
    if (done) return done;
  }
  throw new JobStateError(`Job ${id} has just changed; nothing was done.`, `Look again: longhand show ${id}`);
}
