/** The files of a log as anybody sees them, without the reader that is tested. */
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { JobLog, type JobLogOptions } from '../../src/logs/job-log.ts';
import { scratchPath } from '../support/scratch.ts';

export const NOON = Date.UTC(2026, 0, 31, 12);
/** What a line begins with that was copied at noon from a program's output. */
export const PRINTED = '2026-01-31T12:00:00.000Z WARNING runner      ';

let folders = 0;
/** The path of a log in a folder of its own. */
export function newLogPath(): string {
  folders += 1;
  const folder = scratchPath(`logs-${folders}`);
  mkdirSync(folder);
  return join(folder, 'transcribe_job_7.log');
}

/** A log at noon. */
export function openLog(path: string, options: Partial<JobLogOptions> = {}): JobLog {
  return new JobLog(path, { now: () => NOON, ...options });
}

export interface PartOnDisk {
  name: string;
  start: number;
  end: number;
  text: string;
}

/** The names of all files of a log. */
export function namesOf(path: string): string[] {
  return readdirSync(dirname(path)).filter((name) => name.startsWith(basename(path)));
}

/** The rotated parts, oldest first, unpacked as any `gunzip` would. */
export function partsOf(path: string): PartOnDisk[] {
  return namesOf(path)
    .flatMap((name) => {
      const [, start, end, gzip] = /\.log\.(\d+)-(\d+)(\.gz)?$/.exec(name) ?? [];
      if (start === undefined) return [];
      const bytes = readFileSync(join(dirname(path), name));
      return [{ name, start: Number(start), end: Number(end), text: String(gzip ? gunzipSync(bytes) : bytes) }];
    })
    .sort((a, b) => a.start - b.start);
}

/** The whole log. @throws Error when its parts do not join, or not where their names say */
export function wholeText(path: string): string {
  let at = 0;
  let text = '';
  for (const part of partsOf(path)) {
    if (part.start !== at) throw new Error(`${part.name} does not begin at ${at}.`);
    at += Buffer.byteLength(part.text);
    if (part.end !== at) throw new Error(`${part.name} ends at ${at}.`);
    text += part.text;
  }
  return text + readFileSync(path, 'utf8');
}

/** The messages of a log's lines, without time, level and stage. */
export function messagesIn(text: string): string[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => line.slice(PRINTED.length));
}

/** The permissions of all files of a log, in octal. */
export function modesOf(path: string): string[] {
  const modes = namesOf(path).map((name) => (statSync(join(dirname(path), name)).mode & 0o777).toString(8));
  return [...new Set(modes)];
}
