import { createWriteStream, type WriteStream } from 'node:fs';
import type { LogLevel } from '../domain/log-level.ts';
import { PRIVATE_FILE_MODE } from '../files/directory.ts';

/** A line may be no longer than this; what a program prints beyond it is cut, with a notice. */
const MAX_LINE_CHARACTERS = 4_000;

/**
 * The log of one job, written by its supervisor alone.
 *
 * A log that cannot be written never fails the job: the failure is counted and told once, and the job goes on.
 */
export class JobLog {
  readonly path: string;
  readonly #stream: WriteStream;
  readonly #now: () => number;
  readonly #onWritten: () => void;
  #failure: Error | undefined;

  /**
   * @param onWritten called when something new can be read from the file
   */
  constructor(path: string, now: () => number, onWritten: () => void = () => undefined) {
    this.path = path;
    this.#now = now;
    this.#onWritten = onWritten;
    this.#stream = createWriteStream(path, { flags: 'a', mode: PRIVATE_FILE_MODE });
    this.#stream.on('error', (error) => {
      this.#failure ??= error;
    });
  }

  /** The first reason why something could not be written. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** `2026-01-31T12:00:00.000Z INFO    transcribe  Processing chunk 45/100` */
  write(level: LogLevel, stage: string, message: string): void {
    const time = new Date(this.#now()).toISOString();
    if (this.#failure) return;
    this.#stream.write(`${time} ${level.padEnd(7)} ${stage.padEnd(10)}  ${printable(message)}\n`, () =>
      this.#onWritten(),
    );
  }

  /** Resolves when everything is in the file. Idempotent. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#stream.closed || this.#failure) return resolve();
      this.#stream.once('close', () => resolve());
      this.#stream.end();
    });
  }
}

/** One line of text: control characters are made visible, so that no recording's name can break or forge a line. */
export function printable(text: string): string {
  const line = text.replace(CONTROL_CHARACTERS, (character) => {
    if (character === '\t') return ' ';
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
  if (line.length <= MAX_LINE_CHARACTERS) return line;
  // Not between the two halves of a character.
  const end = (line.codePointAt(MAX_LINE_CHARACTERS - 1) ?? 0) > 0xffff ? MAX_LINE_CHARACTERS - 1 : MAX_LINE_CHARACTERS;
  return `${line.slice(0, end)} [${line.length - end} more characters cut]`;
}

// C0, DEL, C1 and the Unicode line and direction controls that terminals and editors act on.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about
const CONTROL_CHARACTERS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;
