/**
 * What is kept of the logs. It is decided in this order: what is older than so many days goes; then the oldest parts of
 * a log that is over its share; then the oldest of all logs until they are together below the total.
 *
 * Of a log that is in use only rotated parts are deleted, never the current file nor the record of where it begins, so
 * positions stay right. The same goes for the logs of no job, which is the service's own. A log that was deleted as a
 * whole begins again at position 0.
 */
import { type Stats, unlinkSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { compressFile } from './block-gzip.ts';
import { jobIdOfLogFile, type LogFileKind, parseLogFileName } from './log-file.ts';
import { namesIn } from './parts.ts';
import { removeLeftovers } from './rotating-file.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

export interface CleanupOptions {
  /** Milliseconds since the Unix epoch. */
  now: number;
  /** What was not written to for so long goes. */
  days: number;
  /** Most that all logs together may take on the disk. */
  totalBytes?: number;
  /** Most that the log of one job may take; its current file stays in any case. */
  bytesPerJob?: number;
  /** Whether the log of this job is in use: asked right before a file is deleted, too. */
  spare?(jobId: string): boolean;
}

export interface Tally {
  files: number;
  /** As they are on the disk: compressed. */
  bytes: number;
}

interface FileOfLog {
  path: string;
  /** The name of the log it belongs to. */
  log: string;
  jobId: string | undefined;
  kind: LogFileKind;
  bytes: number;
  modifiedMs: number;
}

/** Whether a log is in use; that of no job always is. */
type InUse = (jobId: string | undefined) => boolean;

/**
 * Deletes old logs, and finishes or removes what a killed writer left half done.
 * @returns what was deleted
 */
export async function cleanupLogs(folder: string, options: CleanupOptions): Promise<Tally> {
  const isInUse: InUse = (jobId) => jobId === undefined || options.spare?.(jobId) === true;
  // Of a log in use its writer takes care.
  await removeLeftovers((await filesIn(folder)).filter(({ jobId }) => !isInUse(jobId)));
  const files = (await filesIn(folder)).sort(oldestFirst);
  const deleted: FileOfLog[] = [];
  for (const file of chooseDoomed(files, isInUse, options)) {
    if (remove(file, isInUse)) deleted.push(file);
    await nextTurn();
  }
  removeUselessRecords(files, new Set(deleted), isInUse);
  // Last, since it needs space.
  for (const { path, kind, jobId } of files) {
    if (kind.type === 'part' && !kind.gzip && !isInUse(jobId)) await compressIfThereIsSpace(path);
  }
  return tallyOf(deleted);
}

/** How many files of logs there are in a folder, and how much they take. */
export async function logFiles(folder: string): Promise<Tally> {
  return tallyOf(await filesIn(folder));
}

function chooseDoomed(files: FileOfLog[], isInUse: InUse, options: CleanupOptions): ReadonlySet<FileOfLog> {
  const { now, days, bytesPerJob, totalBytes } = options;
  const isPart = ({ kind }: FileOfLog) => kind.type === 'part';
  const candidates = files.filter((file) => isPart(file) || (file.kind.type === 'current' && !isInUse(file.jobId)));
  const doomed = new Set(candidates.filter(({ modifiedMs }) => modifiedMs < now - days * DAY_MS));
  const doomOldest = (those: FileOfLog[], among: FileOfLog[], limitBytes: number | undefined) => {
    for (const file of oldestBeyond(limitBytes, those, among, doomed)) doomed.add(file);
  };
  for (const log of logsAmong(files)) doomOldest(log, log.filter(isPart), bytesPerJob);
  doomOldest(files, candidates, totalBytes);
  return doomed;
}

/** On a full disk a part stays as it is until the next clean-up. */
async function compressIfThereIsSpace(path: string): Promise<void> {
  try {
    await compressFile(path);
  } catch (error) {
    if (!['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

/** The oldest of the candidates, as many as must go so that the rest of `files` is not over the limit. */
function oldestBeyond(
  limitBytes: number | undefined,
  files: FileOfLog[],
  candidates: FileOfLog[],
  doomed: ReadonlySet<FileOfLog>,
): FileOfLog[] {
  const left = (those: FileOfLog[]) => those.filter((file) => !doomed.has(file));
  let over = tallyOf(left(files)).bytes - (limitBytes ?? Number.POSITIVE_INFINITY);
  return left(candidates).filter(({ bytes }) => {
    if (over <= 0) return false;
    over -= bytes;
    return true;
  });
}

/**
 * Asked and deleted in one turn of the event loop: a job that begins after the question finds its log gone or whole, and
 * never writes into a file that is deleted under its hands.
 */
function remove({ path, kind, jobId }: FileOfLog, isInUse: InUse): boolean {
  if (kind.type !== 'part' && isInUse(jobId)) return false;
  try {
    unlinkSync(path);
    return true;
  } catch (error) {
    // Its writer compressed it meanwhile, or somebody else was faster.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

/** The record of where a current file begins is kept as long as anything else of its log is. */
function removeUselessRecords(files: FileOfLog[], deleted: ReadonlySet<FileOfLog>, isInUse: InUse): void {
  for (const log of logsAmong(files)) {
    const record = log.find(({ kind }) => kind.type === 'start');
    if (record && log.every((file) => file === record || deleted.has(file))) remove(record, isInUse);
  }
}

function logsAmong(files: FileOfLog[]): FileOfLog[][] {
  const logs = new Map<string, FileOfLog[]>();
  for (const file of files) {
    const known = logs.get(file.log);
    if (known) known.push(file);
    else logs.set(file.log, [file]);
  }
  return [...logs.values()];
}

/** By time, and of one time in the order in which they were written. */
function oldestFirst(a: FileOfLog, b: FileOfLog): number {
  return a.modifiedMs - b.modifiedMs || startOf(a) - startOf(b);
}

function startOf({ kind }: FileOfLog): number {
  return kind.type === 'part' ? kind.start : Number.MAX_SAFE_INTEGER;
}

async function filesIn(folder: string): Promise<FileOfLog[]> {
  const files: FileOfLog[] = [];
  for (const name of await namesIn(folder)) {
    const path = join(folder, name);
    const parsed = parseLogFileName(name);
    if (!parsed) continue;
    const stats = await statIfThere(path);
    if (!stats?.isFile()) continue;
    const { size: bytes, mtimeMs: modifiedMs } = stats;
    files.push({ path, ...parsed, jobId: jobIdOfLogFile(name), bytes, modifiedMs });
  }
  return files;
}

async function statIfThere(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function tallyOf(files: readonly FileOfLog[]): Tally {
  return { files: files.length, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) };
}
