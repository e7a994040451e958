import { getJob } from '../store/jobs.ts';
import type { Store } from '../store/store.ts';
import { jobNotFound } from './errors.ts';

/**
 * Makes sure that somebody may see and touch a job. To others it is as if there were none.
 * @param userId whose jobs are looked at; null: there is one user, or an admin asks, who may touch all
 * @throws JobNotFoundError
 */
export async function requireOwn(store: Store, userId: string | null, jobId: number): Promise<void> {
  if (userId === null) return;
  const job = await getJob(store, jobId);
  if (job?.user_id !== userId) throw await jobNotFound(store, jobId);
}
