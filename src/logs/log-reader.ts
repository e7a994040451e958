import { type FileHandle, stat } from 'node:fs/promises';
import { BlockGzip, UnreadablePartError } from './block-gzip.ts';
import { type LogPart, partsOfLog, recordedStart, startBehind } from './parts.ts';
import { openIfThere, readBytes } from './read-bytes.ts';

/** A rotation takes less than a millisecond: whoever meets it this often in a row meets something else. */
const MAX_TRIES = 100;

/** A stretch of a log that is in one file. Positions are those of the whole log. */
export interface Section {
  start: number;
  end: number;
  /** Nothing is added to it any more. */
  rotated: boolean;
  /** The bytes from `from` to `to` (not included), fewer where the file ends before. @throws UnreadablePartError */
  read(from: number, to: number): Promise<Buffer>;
}

/**
 * A log as it stands: the current file, held open, and the rotated parts, opened when they are asked for.
 *
 * The writer may rotate meanwhile. The current file is held by its handle, so what it is called does not matter; only the
 * position at which it begins must be its own, and that is certain when it still has its name after the record was read.
 */
export class LogReader {
  /** Where the log ends. */
  readonly end: number;
  readonly #path: string;
  readonly #current: Section;
  readonly #close: (() => Promise<void>)[] = [];
  readonly #opened = new Map<number, Section>();
  #parts: readonly LogPart[] | undefined;

  private constructor(path: string, start: number, size: number, file: FileHandle | undefined) {
    const read = async (from: number, to: number) =>
      file ? await readBytes(file, from - start, to - start) : Buffer.alloc(0);
    this.#path = path;
    this.#current = { start, end: start + size, rotated: false, read };
    this.end = start + size;
    if (file) this.#close.push(() => file.close());
  }

  /** A log that does not exist is empty. */
  static async open(path: string): Promise<LogReader> {
    for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
      const file = await openIfThere(path);
      try {
        const recorded = await recordedStart(path);
        const start = file && recorded !== undefined ? recorded : startBehind(await partsOfLog(path), recorded);
        const size = file ? (await file.stat()).size : 0;
        if (await isStill(path, file)) return new LogReader(path, start, size, file);
      } catch (error) {
        await file?.close();
        throw error;
      }
      await file?.close();
    }
    throw new Error(`The log ${path} is replaced again and again.`);
  }

  async close(): Promise<void> {
    await Promise.all(this.#close.map((close) => close()));
  }

  /** The section with this byte, or the first one behind it; undefined at the end of the log. */
  async sectionFrom(position: number): Promise<Section | undefined> {
    if (position >= this.end) return undefined;
    if (position >= this.#current.start) return this.#current;
    const part = await this.#part(({ start, end }) => start <= position && position < end);
    const next = part ?? (await this.#part(({ start }) => start > position));
    return next ?? (this.#current.end > this.#current.start ? this.#current : undefined);
  }

  /** The section that ends with the byte before this position; undefined where the log begins or a part is missing. */
  async sectionBefore(position: number): Promise<Section | undefined> {
    if (position > this.#current.start) return this.#current;
    return position === 0 ? undefined : this.#part(({ start, end }) => start < position && position <= end);
  }

  /**
   * The oldest part of which this is true, opened. A part may be compressed or deleted between listing and opening, and a
   * listing that is made just then may have neither of its two names: so what is not found is looked for once more.
   */
  async #part(wanted: (part: LogPart) => boolean): Promise<Section | undefined> {
    for (const fresh of [false, true]) {
      if (fresh || !this.#parts) this.#parts = await partsOfLog(this.#path);
      const part = this.#parts.find((one) => one.end <= this.#current.start && wanted(one));
      const section = part && (await this.#openPart(part));
      if (section) return section;
    }
    return undefined;
  }

  async #openPart(part: LogPart): Promise<Section | undefined> {
    const opened = this.#opened.get(part.start);
    if (opened) return opened;
    const file = await (part.gzip ? openCompressed(part.path) : openPlain(part.path));
    if (!file) return undefined;
    this.#close.push(file.close);
    const { start, end } = part;
    const read = (from: number, to: number) => file.read(from - start, Math.min(to, end) - start);
    const section = { start, end, rotated: true, read };
    this.#opened.set(start, section);
    return section;
  }
}

interface PartFile {
  read(start: number, end: number): Promise<Buffer>;
  close(): Promise<void>;
}

async function openPlain(path: string): Promise<PartFile | undefined> {
  const file = await openIfThere(path);
  return file && { read: (start, end) => readBytes(file, start, end), close: () => file.close() };
}

/** One that is damaged is there, but cannot be read. */
async function openCompressed(path: string): Promise<PartFile | undefined> {
  try {
    const file = await BlockGzip.open(path);
    return file && { read: (start, end) => file.read(start, end), close: () => file.close() };
  } catch (error) {
    if (!(error instanceof UnreadablePartError)) throw error;
    return { read: () => Promise.reject(error), close: () => Promise.resolve() };
  }
}

/** Whether what was opened (or was not there) is what has the name now. */
async function isStill(path: string, file: FileHandle | undefined): Promise<boolean> {
  const opened = await file?.stat();
  try {
    const now = await stat(path);
    return opened !== undefined && opened.ino === now.ino && opened.dev === now.dev;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return opened === undefined;
  }
}
