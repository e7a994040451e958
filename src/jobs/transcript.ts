import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LonghandError } from '../domain/errors.ts';
import { TRANSCRIPT_ARTIFACT } from '../pipeline/artifacts.ts';
import { listArtifacts } from '../store/artifacts.ts';
import { getJob } from '../store/jobs.ts';
import type { Store } from '../store/store.ts';
import type { Transcript } from '../transcript/transcript.ts';
import { JobStateError, jobNotFound } from './errors.ts';

/**
 * The transcript of a job, verified against the sha256 that was recorded when it was written. One that is done again has its
 * transcript from before until the new one is there.
 * @param jobDir the job's folder of files
 * @throws JobNotFoundError, JobStateError when there is none yet, LonghandError when the file was damaged
 */
export async function transcriptOf(store: Store, id: number, jobDir: string): Promise<Transcript> {
  const job = await getJob(store, id);
  if (!job) throw await jobNotFound(store, id);
  const artifact = (await listArtifacts(store, id)).find(({ name }) => name === TRANSCRIPT_ARTIFACT);
  const isDone = job.status === 'completed';
  if (!isDone && !artifact) {
    throw new JobStateError(`Job ${id} is ${job.status}; it has no transcript yet.`, `See: longhand show ${id}`);
  }
  const path = join(jobDir, artifact?.path ?? TRANSCRIPT_ARTIFACT);
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw damaged(path, `cannot be read (${error.code})`);
  });
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (sha256 === artifact?.sha256) return JSON.parse(bytes.toString('utf8')) as Transcript;
  // The file is renamed into its place right before that is written down.
  if (!isDone)
    throw new JobStateError(`The transcript of job ${id} is just being replaced.`, 'Try again when it is done.');
  throw damaged(path, 'is not what Longhand wrote');
}

function damaged(path: string, how: string): LonghandError {
  return new LonghandError({
    kind: 'disk',
    message: `The transcript ${path} ${how}.`,
    remedy: 'Restore it from a backup, or transcribe the recording again.',
  });
}
