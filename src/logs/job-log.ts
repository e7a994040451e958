import type { Readable } from 'node:stream';
import { byteSize } from '../domain/bytes.ts';
import { LOG_LEVELS, type LogLevel } from '../domain/log-level.ts';
import { LogWriter } from './log-writer.ts';
import { OutputLimit } from './output-limit.ts';
import { cleanLine, RawLines } from './raw-lines.ts';
import { type Redactor, redactor } from './redact.ts';

export { printable } from './printable.ts';

/** What a program prints without saying how bad it is. */
const PRINTED_LEVEL: LogLevel = 'WARNING';
/** A flood leaves the event loop to others after this much. */
const TURN_BYTES = 256 * 1024;

export interface LogLimits {
  /** The file is rotated before it grows over this. */
  rotateBytes: number;
  /** Most that programs may print from the opening of the log to its end, as it stands in the log. */
  outputBytes: number;
}

/** What holds where nothing else was asked for. */
export const DEFAULT_LOG_LIMITS: Readonly<LogLimits> = {
  rotateBytes: 10 * 1024 ** 2,
  outputBytes: 20 * 1024 ** 2,
};

export interface JobLogOptions {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Called when something new can be read from the log. */
  onWritten?(): void;
  /** Never to be seen in the log. */
  secrets?: readonly string[];
  limits?: Partial<LogLimits>;
  /** The least level that is written; all of them when it is left out. */
  level?: LogLevel;
}

/**
 * The log of one job, written by its supervisor alone; or the service's own.
 *
 * Whatever is written, and however much of it, nothing is thrown and no more than 17 MB waits in memory. A log that
 * cannot be written never fails the job: the failure is counted, writing is tried again later, and then the log tells
 * how many lines are missing.
 */
export class JobLog {
  readonly path: string;
  readonly #now: () => number;
  #leastLevel: number;
  readonly #redact: Redactor;
  readonly #limit: OutputLimit;
  readonly #writer: LogWriter;
  /** Each ends the copying of a stream. */
  readonly #copies = new Set<() => void>();
  #closing: Promise<void> | undefined;

  /** Opens the log, or goes on where an earlier one ended, however that ended. What fails is counted, not thrown. */
  constructor(path: string, options: JobLogOptions) {
    const { rotateBytes, outputBytes } = { ...DEFAULT_LOG_LIMITS, ...options.limits };
    this.path = path;
    this.#now = () => options.now();
    this.#leastLevel = options.level ? LOG_LEVELS.indexOf(options.level) : 0;
    this.#redact = redactor(options.secrets ?? []);
    this.#limit = new OutputLimit(outputBytes);
    this.#writer = new LogWriter(path, {
      rotateBytes,
      onWritten: () => options.onWritten?.(),
      missingNotice: (missing, failure) => this.#missingNotice(missing, failure),
    });
  }

  /** How often something could not be opened, written, rotated or compressed. */
  get failures(): number {
    return this.#writer.failures;
  }

  /** The first reason why. */
  get failure(): Error | undefined {
    return this.#writer.firstFailure;
  }

  /** Lines that did not get into the log because it could not be written; what is over the limit does not count. */
  get missingLines(): number {
    return this.#writer.missingLines;
  }

  /** A line of ours: `2026-01-31T12:00:00.000Z INFO    transcribe  Processing chunk 45/100` */
  write(level: LogLevel, stage: string, message: string): void {
    if (this.#isWanted(level)) this.#writer.add(this.#line(level, stage, message));
  }

  /** A line that another process sent: as `write`, but it counts against `outputBytes`. */
  output(level: LogLevel, stage: string, message: string): void {
    if (!this.#isWanted(level)) return;
    const line = this.#line(level, stage, message);
    const wasReached = this.#limit.isReached;
    if (this.#limit.takeMessage(Buffer.byteLength(line))) this.#writer.addPrinted(line);
    else if (!wasReached) this.#tellCut();
  }

  /**
   * Copies what a program prints, line by line, until the stream or the log ends; the log then ends the stream. It is
   * always read on, so that the program is not held up: up to `outputBytes` as fast as the disk writes, as long as it
   * does, and beyond that at any speed, to be counted and thrown away.
   */
  copy(stage: string, stream: Readable): void {
    const lines = new RawLines(this.#redact);
    let taken = 0;
    const take = (chunk: Buffer | string) => {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      taken += bytes.length;
      if (taken >= TURN_BYTES) {
        taken = 0;
        stream.pause();
        void this.#writer.untilThereIsRoom().then(() => stream.resume());
      }
      if (this.#limit.isReached) this.#limit.leaveOut(bytes.length);
      else this.#print(lines.push(bytes, this.#prefix(PRINTED_LEVEL, stage)));
    };
    const finish = () => {
      if (!this.#copies.delete(finish)) return;
      stream.off('data', take);
      this.#print(lines.end(this.#prefix(PRINTED_LEVEL, stage)));
      stream.destroy();
    };
    stream.on('error', (error) => this.write('WARNING', stage, `The output cannot be read any more: ${error.message}`));
    if (this.#closing) stream.destroy();
    else this.#copies.add(finish);
    stream.on('data', take).once('end', finish).once('close', finish);
  }

  /** Resolves when everything is in the file and rotated parts are compressed. Idempotent, never rejects. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #close(): Promise<void> {
    for (const finish of [...this.#copies]) finish();
    if (this.#limit.isReached) this.#tellLeftOut();
    return this.#writer.close();
  }

  /** From now on this is the least level that is written. */
  setLevel(level: LogLevel): void {
    this.#leastLevel = LOG_LEVELS.indexOf(level);
  }

  /** Whether lines of this level are written. */
  writes(level: LogLevel): boolean {
    return LOG_LEVELS.indexOf(level) >= this.#leastLevel;
  }

  #isWanted(level: LogLevel): boolean {
    return this.#closing === undefined && this.writes(level);
  }

  #line(level: LogLevel, stage: string, message: string): string {
    return `${this.#prefix(level, stage)}${cleanLine(this.#redact, message)}\n`;
  }

  #prefix(level: LogLevel, stage: string): string {
    const time = new Date(this.#now()).toISOString();
    return `${time} ${level.padEnd(7)} ${cleanLine(this.#redact, stage).padEnd(10)}  `;
  }

  /** @param lines whole lines */
  #print(lines: string): void {
    if (lines === '' || LOG_LEVELS.indexOf(PRINTED_LEVEL) < this.#leastLevel) return;
    const wasReached = this.#limit.isReached;
    const fitting = this.#limit.take(lines);
    if (fitting !== '') this.#writer.addPrinted(fitting);
    if (this.#limit.isReached && !wasReached) this.#tellCut();
  }

  #tellCut(): void {
    const limit = byteSize(this.#limit.limitBytes);
    this.#notice(`[output cut: ${limit} reached; what programs print from here on is left out]`);
  }

  #tellLeftOut(): void {
    const { limitBytes, leftOutBytes } = this.#limit;
    this.#notice(`[output cut: ${byteSize(limitBytes)} reached; ${byteSize(leftOutBytes)} more were left out]`);
  }

  #notice(notice: string): void {
    this.#writer.add(this.#line('WARNING', 'log', notice));
  }

  #missingNotice(missing: number, failure: Error | undefined): string {
    const lines = missing === 1 ? '1 line is' : `${missing} lines are`;
    const why = failure
      ? `the log could not be written (${failure.message})`
      : 'they came faster than it can be written';
    return this.#line('WARNING', 'log', `[${lines} missing here: ${why}]`);
  }
}
