import type { JobStatus } from '../domain/job.ts';
import { forgiveCrashes, getJob, transition } from '../store/jobs.ts';
import type { Store } from '../store/store.ts';
import { actor } from './actor.ts';
import { JobStateError, jobNotFound } from './errors.ts';
import { tryNow } from './retry.ts';

/** States from which somebody may make a job go on. */
const RESUMABLE: readonly JobStatus[] = ['paused', 'failed', 'cancelled'];

/**
 * Makes a job wait for its next run, which begins at its checkpoint. A job that waits already is left as it is; one that
 * waits for a retry of its own tries at once. A person's word wipes the slate: crashes and failed tries are counted anew.
 * @returns the state the job was in
 * @throws JobNotFoundError, JobStateError
 */
export async function resume(store: Store, id: number): Promise<JobStatus> {
  const job = await getJob(store, id);
  if (!job) throw await jobNotFound(store, id);
  const from = job.status;
  if (from === 'completed') {
    throw new JobStateError(`Job ${id} is complete already.`, `See its text: longhand export ${id}`);
  }
  if (from === 'pending') await forgiveCrashes(store, id);
  if (from === 'retrying') await tryNow(store, id);
  if (!RESUMABLE.includes(from)) return from;
  const set = { crash_count: 0, retry_count: 0 };
  const won = await transition(store, id, 'pending', { from: [from], actor: actor(), reason: 'Resumed', set });
  if (!won)
    throw new JobStateError(`Job ${id} has just changed; it was not resumed.`, `Look again: longhand show ${id}`);
  return from;
}
