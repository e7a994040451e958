import type { JobStatus } from '../domain/job.ts';
import { isAtRest } from '../domain/job.ts';
import { getJob } from '../store/jobs.ts';
import { removeJob } from '../store/remove-job.ts';
import { actor } from './actor.ts';
import { type ControlContext, cancel } from './control.ts';
import { JobStateError, jobNotFound } from './errors.ts';

/** A job may be started between the look and the deletion; then it is cancelled again, this often. */
const TRIES = 3;

export interface DeleteContext extends ControlContext {
  /** Resolves when nobody works on the job any more, not even on its last word. */
  settled(jobId: number): Promise<void>;
  /** Removes the job's folder and its logs. @throws DiskError */
  removeFiles(jobId: number): Promise<void>;
}

export interface Deleted {
  id: number;
  filename: string;
  /** The state it was in before. */
  from: JobStatus;
}

/**
 * Deletes a job with all that Longhand made of it: rows, files, logs. The recording itself is not touched. One that is not at
 * rest is cancelled first, and the end of its processes is waited for. The rows go first: should this process end in between,
 * the files of a job that was deleted are removed by housekeeping.
 * @throws JobNotFoundError; JobStateError when it was started again and again; DiskError when files cannot be removed
 */
export async function deleteJob(context: DeleteContext, id: number): Promise<Deleted> {
  const { store, settled, removeFiles } = context;
  const job = await getJob(store, id);
  if (!job) throw await jobNotFound(store, id);
  const from = job.status;
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    await endWork(context, id);
    await settled(id);
    const removed = await removeJob(store, id, { actor: actor() });
    if (!removed) continue;
    await removeFiles(id);
    return { id, filename: removed.filename, from };
  }
  throw new JobStateError(`Job ${id} has just changed; it was not deleted.`, `Look again: longhand show ${id}`);
}

async function endWork(context: DeleteContext, id: number): Promise<void> {
  const job = await getJob(context.store, id);
  if (!job) throw await jobNotFound(context.store, id);
  if (isAtRest(job.status)) {
    // It may go on by itself, or be on its last word.
    context.stop(id, 'cancel', 0);
    return;
  }
  await cancel(context, id).catch((error) => {
    // It came to rest by itself meanwhile, which is what was wanted.
    if (!(error instanceof JobStateError)) throw error;
  });
}
