/**
 * The same recording, handed in again.
 *
 * Hashing is not free, so the size is looked at first: only when another job's recording has as many bytes are both hashed,
 * and a job that waits keeps what was found out. Between that look and the insertion somebody else may hand in the same
 * content; the insertion notices (`insertJobUnlessNewer`), and it is looked at again.
 */
import { stat } from 'node:fs/promises';
import type { JobStatus } from '../domain/job.ts';
import { sha256OfFile } from '../files/hash.ts';
import { askedIn } from '../pipeline/asked.ts';
import type { JobParameters } from '../pipeline/order.ts';
import { insertJobUnlessNewer, type NewJob } from '../store/jobs.ts';
import {
  type JobOfContent,
  type JobSource,
  jobsOfContent,
  newestOfSize,
  noteSourceHash,
  unhashedOfSize,
} from '../store/sources.ts';
import type { Store } from '../store/store.ts';

/** The job that has the recording already, as it stood when it was found. */
export interface Duplicate {
  id: number;
  status: JobStatus;
}

/** A job for a file, with what is known of the file and of the wish. */
export type FileJob = NewJob &
  Required<Pick<NewJob, 'originalPath' | 'sourceBytes' | 'sourceModifiedMs' | 'model'>> & { parameters: JobParameters };

export interface Inserted {
  id: number;
  duplicateOf?: Duplicate;
  /** A job for the same recording that was asked for in another way. */
  earlier?: number;
}

/** What serves best when there are several: a text, then work under way, then what can go on. */
const BEST_FIRST: readonly JobStatus[] = [
  'completed',
  'processing',
  'retrying',
  'pending',
  'paused',
  'failed',
  'cancelled',
];

/**
 * Makes a job, unless one with the same content and the same wish is there.
 * @param makeRoom called once, before a job is made; where it throws none is
 */
export async function insertUnlessDone(
  store: Store,
  job: FileJob,
  makeRoom: () => Promise<void> = async () => {},
): Promise<Inserted> {
  let hasRoom = false;
  let sha256 = job.sourceSha256;
  for (;;) {
    const newest = await newestOfSize(store.db, job.sourceBytes);
    // An empty file is no recording; each fails by itself.
    if (newest > 0 && job.sourceBytes > 0) sha256 ??= await sha256OfFile(job.originalPath);
    const same = sha256 === undefined ? [] : await sameContent(store, job, sha256);
    const done = best(same.filter((other) => isSameWish(job, other)));
    if (done) return { id: done.id, duplicateOf: { id: done.id, status: done.status } };
    if (!hasRoom) await makeRoom();
    hasRoom = true;
    const hashed = sha256 === undefined ? {} : { sourceSha256: sha256 };
    const id = await insertJobUnlessNewer(store, { ...job, ...hashed }, newest);
    const earlier = same[0]?.id;
    if (id !== undefined) return { id, ...(earlier === undefined ? {} : { earlier }) };
  }
}

/** A user's own alone: of others' recordings nobody learns that they are here. */
async function sameContent(
  store: Store,
  { sourceBytes: bytes, userId }: FileJob,
  sha256: string,
): Promise<JobOfContent[]> {
  for (const other of await unhashedOfSize(store, bytes)) await hashOther(store, other);
  return await jobsOfContent(store, { bytes, sha256, userId });
}

/** Hashes the recording of a job that was not worked on yet, if it still is the one that was handed in. */
async function hashOther(store: Store, job: JobSource): Promise<void> {
  const path = job.original_path;
  if (path === null || !(await isAsHandedIn(path, job))) return;
  const sha256 = await sha256OfFile(path).catch(unlessGone);
  if (sha256 !== undefined && (await isAsHandedIn(path, job))) await noteSourceHash(store, job, sha256);
}

async function isAsHandedIn(path: string, { source_bytes, source_modified_ms }: JobSource): Promise<boolean> {
  const facts = await stat(path).catch(unlessGone);
  return facts?.size === source_bytes && Math.round(facts.mtimeMs) === source_modified_ms;
}

/** That job's run will say what is wrong with its recording; to the new one it does not matter. */
function unlessGone(error: NodeJS.ErrnoException): undefined {
  if (error.code === undefined) throw error;
}

/** Whether the words would be made in the same way. Threads and workers do not change them. */
function isSameWish({ engine, model, parameters }: FileJob, other: JobOfContent): boolean {
  const asked = askedIn(other.parameters);
  return (
    other.engine === engine &&
    (other.model === model || asked.model === parameters.model) &&
    (asked.language ?? other.language) === parameters.language &&
    asked.chunkDurationSeconds === parameters.chunkDurationSeconds &&
    (asked.overlapSeconds ?? 0) === parameters.overlapSeconds
  );
}

function best(jobs: readonly JobOfContent[]): JobOfContent | undefined {
  return BEST_FIRST.map((status) => jobs.find((job) => job.status === status)).find(Boolean);
}
