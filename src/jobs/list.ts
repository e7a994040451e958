import type { JobStatus } from '../domain/job.ts';
import { idsOfStatus } from '../store/job-ids.ts';
import { listJobs } from '../store/jobs.ts';
import { positionsOf } from '../store/positions.ts';
import type { Store } from '../store/store.ts';
import type { QueueContext } from './queue-view.ts';
import { type JobView, viewOf } from './view.ts';

/** A page of jobs, the newest first, each with its place in the queue while it waits. */
export async function listViews(
  { store, progressOf }: Pick<QueueContext, 'store' | 'progressOf'>,
  page: { status?: JobStatus; limit: number; userId?: string | null },
): Promise<JobView[]> {
  const jobs = await listJobs(store, page);
  const positions = await positionsOf(
    store,
    jobs.filter(({ status }) => status === 'pending').map(({ id }) => id),
  );
  return jobs.map((job) => viewOf(job, positions.get(job.id), progressOf(job.id)));
}

/** The numbers of all jobs in a state, the lowest first. @param userId only this user's; null: everybody's */
export async function jobIds(store: Store, status: JobStatus, userId: string | null): Promise<number[]> {
  return await idsOfStatus(store, status, userId);
}
