import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isAtRest } from '../domain/job.ts';
import { cleanupLogs } from '../logs/retention.ts';
import { AUDIO_FILE } from '../pipeline/stages/prepare.ts';
import { getJob } from '../store/jobs.ts';
import type { Store } from '../store/store.ts';
import { jobFolder, removeScratch } from './job-files.ts';

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
  holds(jobId: number): boolean;
}

export interface Cleaned {
  /** Log files that were deleted, and their size. */
  logs: { files: number; bytes: number };
  /** Jobs whose temporary files were removed. */
  jobs: number;
}

/**
 * Removes what nobody needs any more: old logs, scratch files and unfinished files of jobs that nobody works on, decoded
 * audio of jobs that are gone. Transcripts stay, even those of jobs that the store does not know.
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
  let jobs = 0;
  for (const name of await readdir(join(dataDir, 'jobs'))) {
    if (/^\d+$/.test(name) && (await tidyJob(house, Number(name)))) jobs += 1;
  }
  return { logs, jobs };
}

async function tidyJob({ store, dataDir, now, holds }: Housekeeping, jobId: number): Promise<boolean> {
  if (holds(jobId)) return false;
  const folder = jobFolder(dataDir, jobId);
  const before = await namesIn(folder);
  const job = await getJob(store, jobId);
  // Claimed since: then its files are in use.
  if (holds(jobId)) return false;
  if (!job || isAtRest(job.status)) await removeScratch(folder);
  if (!job && (await isOlder(folder, now - GONE_JOBS_KEEP_MS))) await rm(join(folder, AUDIO_FILE), { force: true });
  return (await namesIn(folder)).length < before.length;
}

async function isOlder(folder: string, moment: number): Promise<boolean> {
  return (await stat(folder)).mtimeMs < moment;
}

function namesIn(folder: string): Promise<string[]> {
  return readdir(folder);
}
