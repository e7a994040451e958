import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { kindOf, type LogFileKind, startPath } from './log-file.ts';

/** A rotated part of a log. */
export interface LogPart {
  path: string;
  /** Bytes `start` to `end` (not included) of the whole log. */
  start: number;
  end: number;
  gzip: boolean;
}

/** A file of a log, whatever it is of it. */
export interface LogFile {
  path: string;
  kind: LogFileKind;
}

/** All files of a log, in no order; none when there is no such folder. */
export async function filesOfLog(logPath: string): Promise<LogFile[]> {
  const folder = dirname(logPath);
  const name = basename(logPath);
  return (await namesIn(folder)).flatMap((file) => {
    const kind = file.startsWith(name) ? kindOf(file.slice(name.length)) : undefined;
    return kind ? [{ path: join(folder, file), kind }] : [];
  });
}

/** The rotated parts of a log, oldest first; of one that is there plain and compressed the plain one. */
export async function partsOfLog(logPath: string): Promise<LogPart[]> {
  return partsAmong(await filesOfLog(logPath));
}

/** As `partsOfLog`, of files that were listed already. */
export function partsAmong(files: readonly LogFile[]): LogPart[] {
  const parts = new Map<number, LogPart>();
  for (const { path, kind } of files) {
    if (kind.type !== 'part') continue;
    const { start, end, gzip } = kind;
    if (!gzip || !parts.has(start)) parts.set(start, { path, start, end, gzip });
  }
  return [...parts.values()].sort((a, b) => a.start - b.start);
}

/**
 * The position at which the current file begins, as it was recorded: 0 for a log that was never rotated, undefined when
 * the record is damaged (a power cut).
 */
export async function recordedStart(logPath: string): Promise<number | undefined> {
  try {
    const record = await readFile(startPath(logPath), 'latin1');
    return /^\d+\n$/.test(record) ? Number(record) : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}

/** Where the current file begins when the record does not say it, or not yet: behind everything that was rotated. */
export function startBehind(parts: readonly LogPart[], recorded: number | undefined): number {
  return Math.max(recorded ?? 0, ...parts.map(({ end }) => end));
}

/** The names in a folder; none when it does not exist. */
export async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
