/**
 * The recording of a job, opened for somebody who wants to hear it: the file that the job was made for, and no other one.
 *
 * Its path stands in the job's row and comes from no client. But a path is a promise of yesterday: the file may have been
 * changed, or be a link to something else by now. So the file is opened once, and what was opened must be a regular file with the
 * recorded size and content. Content is compared by its sha256, unless the file lies in the folder of uploads, where
 * nobody else writes, and has the recorded time. That a file was compared is remembered with what no program can set
 * (device, inode, time of its last change of any kind: st_ctim in stat(2)), so that each is read once.
 */
import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { LonghandError } from '../domain/errors.ts';
import { sha256OfOpenFile } from '../files/hash.ts';
import { uploadOf } from '../files/upload-folder.ts';
import { getJobSummary } from '../store/job-summary.ts';
import type { JobSummary } from '../store/jobs.ts';
import { noteSourceHash } from '../store/sources.ts';
import type { Store } from '../store/store.ts';

export { recordingPaths } from '../store/sources.ts';

/** The recording is not there any more, or is another one by now. */
export class RecordingGoneError extends LonghandError {
  readonly statusCode = 410;
  readonly code: 'recording_gone' | 'recording_changed';

  constructor(code: 'recording_gone' | 'recording_changed', message: string, remedy: string) {
    super({ kind: 'input', message, remedy });
    this.code = code;
  }
}

/** What tells a file, as it is, from all others. */
export type FileIdentity = string;

export interface OpenRecording {
  file: FileHandle;
  bytes: number;
  identity: FileIdentity;
}

const GONE_CODES = ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG'];
const REFUSED_CODES = ['EACCES', 'EPERM', 'EIO', 'ENXIO', 'ENODEV'];

/**
 * Opens the recording of a job; it has the recorded size, its content is not compared yet.
 * @throws RecordingGoneError
 */
export async function openRecording(job: JobSummary): Promise<OpenRecording> {
  const { id, filename, original_path: path, source_bytes: recordedBytes } = job;
  if (path === null || recordedBytes === null) {
    throw new RecordingGoneError(
      'recording_gone',
      `The recording of job ${id} is not known here; the job came from elsewhere.`,
      'Hand the recording in, to hear it beside its text.',
    );
  }
  // A FIFO would let us wait for somebody who writes into it.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: NodeJS.ErrnoException) => {
    const { code = '' } = error;
    if (GONE_CODES.includes(code)) throw gone(filename);
    if (REFUSED_CODES.includes(code)) throw unreadable(filename, code);
    throw error;
  });
  try {
    const facts = await file.stat({ bigint: true });
    if (!facts.isFile() || facts.size !== BigInt(recordedBytes)) throw changed(filename);
    return { file, bytes: recordedBytes, identity: identityOf(facts) };
  } catch (error) {
    await file.close();
    // A folder can be opened and not be read.
    throw (error as NodeJS.ErrnoException).code === 'EISDIR' ? changed(filename) : error;
  }
}

/**
 * Makes sure that a recording is what the job was made for. Where that was never recorded, because nobody has worked on the
 * job yet, it is recorded now.
 * @param identity of the file that was opened
 * @returns its sha256
 * @throws RecordingGoneError; the signal's reason
 */
export async function verifyRecording(
  { store, dataDir }: { store: Store; dataDir: string },
  job: JobSummary,
  identity: FileIdentity,
  signal: AbortSignal,
): Promise<string> {
  const opened = await openRecording(job);
  const { file } = opened;
  try {
    if (opened.identity !== identity) throw changed(job.filename);
    const isAsHandedIn = Math.round((await file.stat()).mtimeMs) === job.source_modified_ms;
    const isOurs = uploadOf(dataDir, job.original_path ?? '') !== undefined;
    if (isOurs && isAsHandedIn && job.source_sha256 !== null) return job.source_sha256;
    if (job.source_sha256 === null && !isAsHandedIn) throw changed(job.filename);
    const sha256 = await sha256OfOpenFile(file, signal);
    if (identityOf(await file.stat({ bigint: true })) !== identity) throw changed(job.filename);
    if (sha256 !== (job.source_sha256 ?? (await recordedHash(store, job, sha256)))) throw changed(job.filename);
    return sha256;
  } finally {
    await file.close();
  }
}

/** Records the hash, unless a run was faster: then what that one found counts. */
async function recordedHash(store: Store, job: JobSummary, sha256: string): Promise<string | null> {
  if (await noteSourceHash(store, job, sha256)) return sha256;
  return (await getJobSummary(store, job.id))?.source_sha256 ?? null;
}

function identityOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): FileIdentity {
  return [dev, ino, size, mtimeNs, ctimeNs].join(':');
}

function gone(filename: string): RecordingGoneError {
  return new RecordingGoneError(
    'recording_gone',
    `The recording ${JSON.stringify(filename)} is not there any more.`,
    'Put it back where it was; its text is kept.',
  );
}

function unreadable(filename: string, code: string): RecordingGoneError {
  return new RecordingGoneError(
    'recording_gone',
    `The recording ${JSON.stringify(filename)} cannot be read any more (${code}).`,
    'Check the permissions of the file and its folders.',
  );
}

/** What is there now is not what the job was made for. */
export function changed(filename: string): RecordingGoneError {
  return new RecordingGoneError(
    'recording_changed',
    `The file ${JSON.stringify(filename)} is no longer the recording that this job was made for.`,
    'Put the first one back, or hand the new one in as a job of its own.',
  );
}
