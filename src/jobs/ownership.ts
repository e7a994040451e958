import { jobStandings } from '../store/job-standings.ts';
import type { Store } from '../store/store.ts';
import { JobNotFoundError } from './errors.ts';

/** Who asks: the user whose jobs these are; null: there is one user, or an admin asks, who may touch all. */
export interface Asking {
  userId: string | null;
}

/** Whether somebody may see and touch a job; false also when there is none, unless all may be touched. */
export async function mayTouch(store: Store, { userId }: Asking, jobId: number): Promise<boolean> {
  if (userId === null) return true;
  const [job] = await jobStandings(store, [jobId]);
  return job?.user_id === userId;
}

/**
 * Makes sure that somebody may see and touch a job. To others it is as if there were none, and never had been.
 * @param userId whose jobs are looked at; null: there is one user, or an admin asks, who may touch all
 * @throws JobNotFoundError
 */
export async function requireOwn(store: Store, userId: string | null, jobId: number): Promise<void> {
  if (!(await mayTouch(store, { userId }, jobId))) throw new JobNotFoundError(jobId);
}
