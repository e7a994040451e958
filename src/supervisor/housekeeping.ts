import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isAtRest } from '../domain/job.ts';
import { cleanupLogs } from '../logs/retention.ts';
import { AUDIO_FILE } from '../pipeline/artifacts.ts';
import { jobStates } from '../store/job-states.ts';
import type { Store } from '../store/store.ts';
import { removeLeftOfDeleted } from './deleted-jobs.ts';
import { jobFolder, removeScratch } from './job-files.ts';
import { removeOldUploads } from './old-uploads.ts';

/** What a job leaves that is gone from the store may still be looked for by somebody who restores a backup. */
const GONE_JOBS_KEEP_MS = 24 * 3_600_000;

export interface Housekeeping {
  store: Store;
  dataDir: string;
  /** Milliseconds since the epoch. */
  now: number;
  logDays: number;
  logTotalBytes: number;
  /** Most that the rotated parts of one job's log may take. */
  logBytesPerJob: number;
  /** How long an upload is kept that no job was made of. */
  uploadKeepMs: number;
  /** Only jobs that were changed since, in milliseconds since the epoch, and those that are gone; 0 for all. */
  since: number;
  holds(jobId: number): boolean;
}

export interface Cleaned {
  /** Log files that were deleted, and their size. */
  logs: { files: number; bytes: number };
  /** Jobs whose temporary files were removed. */
  jobs: number;
  /** Uploads that were removed because no job needs them. */
  uploads: number;
}

/**
 * Removes what nobody needs any more: old logs, scratch files and unfinished files of jobs that nobody works on, decoded
 * audio of jobs that are gone, all of those that were deleted, uploads without a job. Other transcripts stay, even those of
 * jobs that the store does not know.
 */
export async function keepHouse(house: Housekeeping): Promise<Cleaned> {
  const { dataDir, now, logDays, logTotalBytes, logBytesPerJob, holds } = house;
  const logs = await cleanupLogs(join(dataDir, 'logs'), {
    now,
    days: logDays,
    totalBytes: logTotalBytes,
    bytesPerJob: logBytesPerJob,
    spare: (jobId) => holds(Number(jobId)),
  });
  const deleted = await removeLeftOfDeleted(house.store, dataDir, holds);
  const jobs = deleted + (await tidyJobs(house));
  const uploads = await removeOldUploads({ store: house.store, dataDir, now, keepMs: house.uploadKeepMs });
  return { logs, jobs, uploads };
}

/** @returns of how many jobs something was removed */
async function tidyJobs(house: Housekeeping): Promise<number> {
  const { store, dataDir, since } = house;
  // Looked at before the store is asked: a job has its row before it has a folder.
  const ids = (await readdir(join(dataDir, 'jobs'))).flatMap(jobIdOf);
  const states = await jobStates(store, ids);
  let tidied = 0;
  for (const id of ids) {
    const state = states.get(id);
    const mayHaveLeft = !state || (isAtRest(state.status) && state.updatedAt >= since);
    if (mayHaveLeft && (await tidyJob(house, id, state !== undefined))) tidied += 1;
  }
  return tidied;
}

async function tidyJob({ dataDir, now, holds }: Housekeeping, jobId: number, isKnown: boolean): Promise<boolean> {
  const folder = jobFolder(dataDir, jobId);
  const before = await namesIn(folder);
  // Claimed since: then its files are in use.
  if (holds(jobId)) return false;
  await removeScratch(folder);
  if (!isKnown && (await isOlder(folder, now - GONE_JOBS_KEEP_MS))) await rm(join(folder, AUDIO_FILE), { force: true });
  return (await namesIn(folder)).length < before.length;
}

function jobIdOf(name: string): number[] {
  const id = /^\d+$/.test(name) ? Number(name) : Number.NaN;
  return Number.isSafeInteger(id) ? [id] : [];
}

async function isOlder(folder: string, moment: number): Promise<boolean> {
  return (await stat(folder)).mtimeMs < moment;
}

function namesIn(folder: string): Promise<string[]> {
  return readdir(folder);
}
