import type { JobStatus } from '../domain/job.ts';
import { getShortJob } from '../store/job-summary.ts';
import type { Store } from '../store/store.ts';
import { jobNotFound } from './errors.ts';

/**
 * Where a job stands, and no more: cheap enough to be asked of each of many.
 * @throws JobNotFoundError
 */
export async function stateOf(
  store: Store,
  id: number,
): Promise<{ id: number; status: JobStatus; pausedBy: string | null }> {
  const job = await getShortJob(store, id);
  if (!job) throw await jobNotFound(store, id);
  return { id, status: job.status, pausedBy: job.paused_by };
}
