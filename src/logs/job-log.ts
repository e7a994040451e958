import type { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { byteSize } from '../domain/bytes.ts';
import { LOG_LEVELS, type LogLevel } from '../domain/log-level.ts';
import { OutputLimit } from './output-limit.ts';
import { cleanLine, RawLines } from './raw-lines.ts';
import { type Redactor, redactor } from './redact.ts';
import { RotatingFile } from './rotating-file.ts';
import { WaitingLines } from './waiting-lines.ts';

export { printable } from './printable.ts';

/** What a program prints without saying how bad it is. */
const PRINTED_LEVEL: LogLevel = 'WARNING';
/** Most that waits for the disk. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;
/** When so much waits, programs are read no faster than the disk writes. */
const CROWDED_BYTES = MAX_WAITING_BYTES / 2;
/** But they are not held up by a disk that stands still: after this they are read on, and what finds no room is lost. */
const STANDSTILL_MS = 500;
/** Room that a flood does not take from the lines that are ours. */
const RESERVED_BYTES = 1024 * 1024;
/** A flood leaves the event loop to others after this much. */
const TURN_BYTES = 256 * 1024;
/** After a failure writing is tried again this much later. */
const RETRY_MS = 1_000;

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
 * Whatever is written, and however much of it, nobody is blocked, nothing is thrown, and no more than 17 MB waits in
 * memory. A log that cannot be written never fails the job: the failure is counted, writing is tried again later, and
 * then the log tells how many lines are missing.
 */
export class JobLog {
  readonly path: string;
  readonly #options: JobLogOptions;
  readonly #leastLevel: number;
  readonly #redact: Redactor;
  readonly #limit: OutputLimit;
  readonly #file: RotatingFile;
  readonly #waiting = new WaitingLines((missing) => this.#missingNotice(missing));
  /** Ends the copying of a stream. */
  readonly #copies = new Set<() => void>();
  /** Copyings that wait for the disk. */
  readonly #held: (() => void)[] = [];
  #isStandingStill = false;
  #isWriting = false;
  /** Resolves when what was waiting is written, or could not be. */
  #written: Promise<void> = Promise.resolve();
  #retry: NodeJS.Timeout | undefined;
  #failing: Error | undefined;
  #failure: Error | undefined;
  #failures = 0;
  #closing: Promise<void> | undefined;

  /** Opens the log, or goes on where an earlier one ended, however that ended. What fails is counted, not thrown. */
  constructor(path: string, options: JobLogOptions) {
    const { rotateBytes, outputBytes } = { ...DEFAULT_LOG_LIMITS, ...options.limits };
    this.path = path;
    this.#options = options;
    this.#leastLevel = options.level ? LOG_LEVELS.indexOf(options.level) : 0;
    this.#redact = redactor(options.secrets ?? []);
    this.#limit = new OutputLimit(outputBytes);
    this.#file = new RotatingFile(path, { rotateBytes, onError: (error) => this.#countFailure(error) });
    this.#startWriting();
  }

  /** How often something could not be opened, written, rotated or compressed. */
  get failures(): number {
    return this.#failures;
  }

  /** The first reason why. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Lines that did not get into the log because it could not be written; what is over the limit does not count. */
  get missingLines(): number {
    return this.#waiting.missingLines;
  }

  /** A line of ours: `2026-01-31T12:00:00.000Z INFO    transcribe  Processing chunk 45/100` */
  write(level: LogLevel, stage: string, message: string): void {
    if (this.#isWanted(level)) this.#add(this.#line(level, stage, message), MAX_WAITING_BYTES + RESERVED_BYTES);
  }

  /** A line that another process sent: as `write`, but it counts against `outputBytes`. */
  output(level: LogLevel, stage: string, message: string): void {
    if (!this.#isWanted(level)) return;
    const line = this.#line(level, stage, message);
    const wasReached = this.#limit.isReached;
    if (this.#limit.takeMessage(Buffer.byteLength(line))) this.#add(line, MAX_WAITING_BYTES);
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
        void this.#untilThereIsRoom().then(() => stream.resume());
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

  async #close(): Promise<void> {
    for (const finish of [...this.#copies]) finish();
    if (this.#limit.isReached) this.#tellLeftOut();
    // Twice: the first may be one that had begun before, and failed.
    for (let tries = 0; tries < 2; tries += 1) {
      clearTimeout(this.#retry);
      this.#retry = undefined;
      this.#startWriting();
      await this.#written;
    }
    clearTimeout(this.#retry);
    this.#waiting.giveUp();
    await this.#file.close();
  }

  #isWanted(level: LogLevel): boolean {
    return this.#closing === undefined && LOG_LEVELS.indexOf(level) >= this.#leastLevel;
  }

  #line(level: LogLevel, stage: string, message: string): string {
    return `${this.#prefix(level, stage)}${cleanLine(this.#redact, message)}\n`;
  }

  #prefix(level: LogLevel, stage: string): string {
    const time = new Date(this.#options.now()).toISOString();
    return `${time} ${level.padEnd(7)} ${cleanLine(this.#redact, stage).padEnd(10)}  `;
  }

  /** @param lines whole lines */
  #print(lines: string): void {
    if (lines === '' || LOG_LEVELS.indexOf(PRINTED_LEVEL) < this.#leastLevel) return;
    const wasReached = this.#limit.isReached;
    const fitting = this.#limit.take(lines);
    if (fitting !== '') this.#add(fitting, MAX_WAITING_BYTES);
    if (this.#limit.isReached && !wasReached) this.#tellCut();
  }

  #tellCut(): void {
    const limit = byteSize(this.#limit.limitBytes);
    this.#addNotice(`[output cut: ${limit} reached; what programs print from here on is left out]`);
  }

  #tellLeftOut(): void {
    const { limitBytes, leftOutBytes } = this.#limit;
    this.#addNotice(`[output cut: ${byteSize(limitBytes)} reached; ${byteSize(leftOutBytes)} more were left out]`);
  }

  #missingNotice(missing: number): string {
    const lines = missing === 1 ? '1 line is' : `${missing} lines are`;
    const why = this.#failing
      ? `the log could not be written (${this.#failing.message})`
      : 'they came faster than they could be written';
    return this.#line('WARNING', 'log', `[${lines} missing here: ${why}]`);
  }

  #addNotice(notice: string): void {
    this.#add(this.#line('WARNING', 'log', notice), MAX_WAITING_BYTES + RESERVED_BYTES);
  }

  #add(lines: string, limitBytes: number): void {
    if (this.#waiting.add(lines, limitBytes)) this.#startWriting();
  }

  async #untilThereIsRoom(): Promise<void> {
    await nextTurn();
    while (this.#waiting.bytes > CROWDED_BYTES && !this.#isStandingStill) {
      const patience = setTimeout(() => this.#standStill(true), STANDSTILL_MS);
      await new Promise<void>((resolve) => this.#held.push(resolve));
      clearTimeout(patience);
    }
  }

  /** Lets those go on who wait for the disk. */
  #standStill(isStandingStill: boolean): void {
    this.#isStandingStill = isStandingStill;
    for (const goOn of this.#held.splice(0)) goOn();
  }

  /** Unless it is done already, or has just failed. */
  #startWriting(): void {
    if (this.#isWriting || this.#retry) return;
    this.#isWriting = true;
    this.#written = this.#writeWaiting();
  }

  async #writeWaiting(): Promise<void> {
    // Whatever is said in one turn of the event loop is written at once.
    await nextTurn();
    do {
      const { bytes, failure } = await this.#file.append(this.#waiting.oldest());
      this.#waiting.remove(bytes);
      if (bytes > 0) this.#tellWritten();
      this.#standStill(failure !== undefined);
      if (failure) {
        this.#tryAgainLater(failure);
        break;
      }
      this.#waiting.tellMissing();
      this.#failing = undefined;
    } while (this.#waiting.bytes > 0);
    this.#isWriting = false;
  }

  #tryAgainLater(failure: Error): void {
    this.#countFailure(failure);
    this.#failing = failure;
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#startWriting();
    }, RETRY_MS).unref();
  }

  #countFailure(failure: Error): void {
    this.#failures += 1;
    this.#failure ??= failure;
  }

  #tellWritten(): void {
    try {
      this.#options.onWritten?.();
    } catch (error) {
      this.#countFailure(error as Error);
    }
  }
}
