/**
 * The files of one log, as their only writer sees them.
 *
 * Positions count the bytes of the whole log, over all rotations. A rotation is three steps, and after a kill between
 * any two of them the next opening goes on rightly:
 *
 *  1. `x.log` is renamed to `x.log.START-END`. Without `x.log` the log ends where its newest part does.
 *  2. `x.log.start` is replaced by one that says END. So whenever there is an `x.log`, the record beside it is its own,
 *     whatever was deleted of the parts.
 *  3. A new `x.log` is made.
 *
 * Then the part is compressed in the background (block-gzip.ts).
 */
import { type FileHandle, open, rename, rm, writeFile } from 'node:fs/promises';
import { PRIVATE_FILE_MODE } from '../files/directory.ts';
import { compressFile } from './block-gzip.ts';
import { partPath, startPath, unfinishedPath } from './log-file.ts';
import { filesOfLog, type LogFile, partsAmong, recordedStart, startBehind } from './parts.ts';
import { readBytes } from './read-bytes.ts';
import { wholeCharacters } from './utf8.ts';

const NEWLINE = 0x0a;
const LONGEST_CHARACTER_BYTES = 4;

export interface RotatingFileOptions {
  /** A file is not made larger than this, unless a single line is. */
  rotateBytes: number;
  /** Told what fails beside the appending: a part that cannot be compressed stays as it is until the next opening. */
  onError(error: Error): void;
}

/** How many bytes of whole lines are in the log now: fewer than were given when `failure` says why. */
export interface Appended {
  bytes: number;
  failure?: Error;
}

export class RotatingFile {
  readonly path: string;
  readonly #options: RotatingFileOptions;
  /** The current file; undefined before the first line, between two files, and after a failure. */
  #current: { handle: FileHandle; size: number } | undefined;
  /** Where the current file begins; undefined until the log's files were looked at. */
  #start: number | undefined;
  #recordedStart: number | undefined;
  #compressing: Promise<void> = Promise.resolve();

  constructor(path: string, options: RotatingFileOptions) {
    this.path = path;
    this.#options = options;
  }

  /** Appends whole lines, each with its newline; rotates where that is due. Never splits a line, never rejects. */
  async append(lines: Buffer): Promise<Appended> {
    let bytes = 0;
    try {
      for (let left = lines; ; ) {
        const current = await this.#open();
        if (left.length === 0) return { bytes };
        const fitting = current.size === 0 ? this.#firstFitting(left) : this.#fitting(left, current.size);
        if (fitting === 0) {
          await this.#rotate(current);
          continue;
        }
        const { bytes: written, failure } = await this.#write(current, left.subarray(0, fitting));
        bytes += written;
        if (failure) return { bytes, failure };
        left = left.subarray(fitting);
      }
    } catch (error) {
      return { bytes, failure: error as Error };
    }
  }

  /** Resolves when nothing is left to do: the file closed, all parts compressed. Never rejects. */
  async close(): Promise<void> {
    await this.#closeCurrent();
    await this.#compressing;
  }

  /** How many bytes of whole lines the current file has room for. */
  #fitting(lines: Buffer, size: number): number {
    const room = this.#options.rotateBytes - size;
    if (lines.length <= room) return lines.length;
    return room <= 0 ? 0 : lines.lastIndexOf(NEWLINE, room - 1) + 1;
  }

  /** As `#fitting` for an empty file, which takes one line however long it is. */
  #firstFitting(lines: Buffer): number {
    return this.#fitting(lines, 0) || lines.indexOf(NEWLINE) + 1 || lines.length;
  }

  async #open(): Promise<{ handle: FileHandle; size: number }> {
    if (this.#current) return this.#current;
    if (this.#start === undefined) await this.#recover();
    else await this.#recordStart(this.#start);
    const handle = await open(this.path, 'a+', PRIVATE_FILE_MODE);
    try {
      const { size, mode } = await handle.stat();
      if ((mode & 0o777) !== PRIVATE_FILE_MODE) await handle.chmod(PRIVATE_FILE_MODE);
      this.#current = { handle, size: await onFreshLine(handle, size) };
      return this.#current;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Learns where the current file begins, and finishes what an earlier writer that was killed left half done. */
  async #recover(): Promise<void> {
    const files = await filesOfLog(this.path);
    await removeLeftovers(files);
    const parts = partsAmong(files);
    this.#recordedStart = await recordedStart(this.path);
    const start = startBehind(parts, this.#recordedStart);
    await this.#recordStart(start);
    this.#start = start;
    for (const { path, gzip } of parts) if (!gzip) this.#compress(path);
  }

  async #recordStart(start: number): Promise<void> {
    if (this.#recordedStart === start) return;
    const aside = unfinishedPath(startPath(this.path));
    await writeFile(aside, `${start}\n`, { mode: PRIVATE_FILE_MODE });
    await rename(aside, startPath(this.path));
    this.#recordedStart = start;
  }

  async #rotate({ size }: { size: number }): Promise<void> {
    await this.#closeCurrent();
    const start = this.#start ?? 0;
    const part = partPath(this.path, start, start + size);
    await rename(this.path, part);
    this.#start = start + size;
    this.#compress(part);
  }

  async #write(current: { handle: FileHandle; size: number }, lines: Buffer): Promise<Appended> {
    let written = 0;
    try {
      while (written < lines.length) {
        written += (await current.handle.write(lines, written, lines.length - written)).bytesWritten;
      }
      current.size += written;
      return { bytes: written };
    } catch (error) {
      // The beginning of a line is taken back: it is written again as a whole.
      const whole = lines.subarray(0, written).lastIndexOf(NEWLINE) + 1;
      await current.handle.truncate(current.size + whole).catch(this.#options.onError);
      await this.#closeCurrent();
      return { bytes: whole, failure: error as Error };
    }
  }

  async #closeCurrent(): Promise<void> {
    const current = this.#current;
    this.#current = undefined;
    await current?.handle.close().catch(this.#options.onError);
  }

  /** One after another, so that compressing takes no more than one core. */
  #compress(part: string): void {
    this.#compressing = this.#compressing.then(() => compressFile(part)).catch(this.#options.onError);
  }
}

/** Removes what was never finished, and plain parts whose compressed file is there: that one has its name only when it is whole. */
export async function removeLeftovers(files: readonly LogFile[]): Promise<void> {
  const compressed = new Set(files.map(({ path }) => path).filter((path) => path.endsWith('.gz')));
  for (const { path, kind } of files) {
    if (kind.type === 'unfinished' || compressed.has(`${path}.gz`)) await rm(path, { force: true });
  }
}

/**
 * Ends a last line that a killed writer left without an end, and takes back half a character, which no reader was given.
 * @returns the size of the file then
 */
async function onFreshLine(handle: FileHandle, size: number): Promise<number> {
  if (size === 0) return 0;
  const tail = await readBytes(handle, Math.max(0, size - LONGEST_CHARACTER_BYTES), size);
  if (tail[tail.length - 1] === NEWLINE) return size;
  const whole = size - (tail.length - wholeCharacters(tail));
  if (whole < size) await handle.truncate(whole);
  await handle.writeFile('\n');
  return whole + 1;
}
