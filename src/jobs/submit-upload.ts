/** From a recording that came over the network, and is whole and on the disk, to a job. */
import { stat } from 'node:fs/promises';
import { removeUpload, uploadOf } from '../files/upload-folder.ts';
import { getJob } from '../store/jobs.ts';
import { jobsOfFile } from '../store/sources.ts';
import type { Store } from '../store/store.ts';
import type { Submission } from './submission.ts';
import { type SubmitContext, type Submitted, submit } from './submit.ts';

export interface UploadContext extends SubmitContext {
  dataDir: string;
}

/** An upload that is whole and synced. */
export interface WholeUpload {
  path: string;
  /** What it is called for people. */
  filename: string;
  bytes: number;
  /** Hex. */
  sha256: string;
}

/** What is asked for besides the recording. */
export type Wish = Omit<Submission, 'path' | 'id' | 'watched' | 'upload'>;

/**
 * Makes a job of an upload, unless the same recording is a job already: then the answer has `duplicateOf`, and the upload is
 * of no use any more. A job that is not done and whose own recording is gone does not count: this may be the only copy.
 * @throws as `submit`
 */
export async function submitUpload(context: UploadContext, upload: WholeUpload, wish: Wish): Promise<Submitted> {
  const { path, filename, sha256 } = upload;
  const whole = { ...wish, path, upload: { filename, sha256 } };
  const submitted = await submit(context, whole);
  if (!submitted.duplicateOf || (await needsNoCopy(context.store, submitted.id))) return submitted;
  return await submit(context, { ...whole, again: true });
}

/** Whether a job has its text, or still has the recording that it was made for. */
async function needsNoCopy(store: Store, id: number): Promise<boolean> {
  const job = await getJob(store, id);
  if (!job || job.status === 'completed') return job !== undefined;
  const facts = await stat(job.original_path ?? '').catch((error: NodeJS.ErrnoException) => {
    if (error.code === undefined) throw error;
  });
  return facts?.size === job.source_bytes;
}

/**
 * Removes an uploaded recording with its folder, unless a job is for it.
 * @param recording any file; one that is not in the folder of uploads is left alone
 * @returns whether it was removed
 */
export async function discardUpload(
  { store, dataDir }: Pick<UploadContext, 'store' | 'dataDir'>,
  recording: { path: string; bytes: number },
): Promise<boolean> {
  const id = uploadOf(dataDir, recording.path);
  if (id === undefined || (await jobsOfFile(store, recording)).length > 0) return false;
  await removeUpload(dataDir, id);
  return true;
}
