/**
 * The names of a log's files.
 *
 *     transcribe_job_7.log                  what is being written
 *     transcribe_job_7.log.0-9999951        a rotated part: bytes 0 to 9999951 (not included) of the whole log
 *     transcribe_job_7.log.0-9999951.gz     the same, compressed
 *     transcribe_job_7.log.start            once there was a rotation: the position at which `transcribe_job_7.log` begins
 *     transcribe_job_7.log.….part           not finished; removed by the next opening or clean-up
 */
import { createHash, randomUUID } from 'node:crypto';

const PREFIX = 'transcribe_job_';
const LOG_NAME = /^([^.]+\.log)(\..+)?$/;
/** A file's name has at most 255 bytes on every common file system; the rest is for what is added behind it. */
const MAX_ENCODED_CHARACTERS = 120;

/** What a file of a log is, told from what its name has behind the log's own name. */
export type LogFileKind =
  | { type: 'current' }
  | { type: 'part'; start: number; end: number; gzip: boolean }
  | { type: 'start' }
  | { type: 'unfinished' };

/**
 * The name of a job's log. Letters, digits, `_` and `-` stay; any other UTF-16 unit becomes `%XX` or `%uXXXX`, so that no
 * two ids share a name. An id that would be too long for a file's name is replaced by its sha256.
 */
export function logFileName(jobId: string | number): string {
  const encoded = String(jobId).replace(/[^A-Za-z0-9_-]/g, (unit) => {
    const hex = unit.charCodeAt(0).toString(16).toUpperCase();
    return hex.length <= 2 ? `%${hex.padStart(2, '0')}` : `%u${hex.padStart(4, '0')}`;
  });
  if (encoded.length <= MAX_ENCODED_CHARACTERS) return `${PREFIX}${encoded}.log`;
  // "~" is in no encoded id.
  return `${PREFIX}~${createHash('sha256').update(String(jobId), 'utf16le').digest('hex')}.log`;
}

/** The job that a file of a log belongs to, parts included; undefined for other files and for an id that was too long. */
export function jobIdOfLogFile(name: string): string | undefined {
  const file = parseLogFileName(name);
  if (!file?.log.startsWith(PREFIX)) return undefined;
  const encoded = file.log.slice(PREFIX.length, -'.log'.length);
  const id = encoded.replace(/%u([0-9A-F]{4})|%([0-9A-F]{2})/g, (_, long, short) =>
    String.fromCharCode(Number.parseInt(long ?? short, 16)),
  );
  return logFileName(id) === file.log ? id : undefined;
}

/** The log that a file belongs to and what it is of it; undefined for a file of no log. */
export function parseLogFileName(name: string): { log: string; kind: LogFileKind } | undefined {
  const [, log, suffix = ''] = LOG_NAME.exec(name) ?? [];
  const kind = kindOf(suffix);
  return log && kind ? { log, kind } : undefined;
}

/** @param suffix what a file's name has behind the name of its log, `''` for the log itself */
export function kindOf(suffix: string): LogFileKind | undefined {
  if (suffix === '') return { type: 'current' };
  if (suffix === '.start') return { type: 'start' };
  if (suffix.endsWith('.part')) return { type: 'unfinished' };
  const [, start, end, gzip] = /^\.(\d+)-(\d+)(\.gz)?$/.exec(suffix) ?? [];
  return start && end ? { type: 'part', start: Number(start), end: Number(end), gzip: gzip !== undefined } : undefined;
}

/** Where a rotated part goes. */
export function partPath(logPath: string, start: number, end: number): string {
  return `${logPath}.${start}-${end}`;
}

/** Where it is said at which position the current file begins. */
export function startPath(logPath: string): string {
  return `${logPath}.start`;
}

/** A name beside a file for what becomes it when it is whole. */
export function unfinishedPath(path: string): string {
  return `${path}.${randomUUID()}.part`;
}
