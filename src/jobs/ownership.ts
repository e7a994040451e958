import { type AtOnce, goOnWith } from '../domain/at-once.ts';
import { getShortJob } from '../store/job-summary.ts';
import type { Store } from '../store/store.ts';
import { JobNotFoundError } from './errors.ts';

/** Who asks: the user whose jobs these are; null: there is one user, or an admin asks, who may touch all. */
export interface Asking {
  userId: string | null;
}

/** Whether somebody may see and touch a job; false also when there is none, unless all may be touched. */
export function mayTouch(store: Store, { userId }: Asking, jobId: number): AtOnce<boolean> {
  if (userId === null) return true;
  return goOnWith(getShortJob(store, jobId), (job) => job?.user_id === userId);
}

/**
 * Makes sure that somebody may see and touch a job. To others it is as if there were none, and never had been.
 * @param userId whose jobs are looked at; null: there is one user, or an admin asks, who may touch all
 * @throws JobNotFoundError
 */
export function requireOwn(store: Store, userId: string | null, jobId: number): AtOnce<void> {
  return goOnWith(mayTouch(store, { userId }, jobId), (may) => {
    if (!may) throw new JobNotFoundError(jobId);
  });
}
