import { setImmediate as nextTurn } from 'node:timers/promises';
import { RotatingFile } from './rotating-file.ts';
import { WaitingLines } from './waiting-lines.ts';

/** Most of what programs print that waits for the disk. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;
/** Room that a flood does not take from the lines that are ours. */
const RESERVED_BYTES = 1024 * 1024;
/** When so much waits, programs are read no faster than the disk writes. */
const CROWDED_BYTES = MAX_WAITING_BYTES / 2;
/** But they are not held up by a disk that stands still: after this they are read on, and what finds no room is lost. */
const STANDSTILL_MS = 500;
/** After a failure writing is tried again this much later. */
const RETRY_MS = 1_000;

export interface LogWriterOptions {
  /** The file is rotated before it grows over this. */
  rotateBytes: number;
  /** Called when something new can be read from the log. */
  onWritten(): void;
  /** The line that tells how many are missing at its place, and why: the failure, or there was no room for them. */
  missingNotice(missingLines: number, failure: Error | undefined): string;
}

/**
 * Gets lines into the files of a log, in their order and in large pieces. What fails is counted and tried again later;
 * meanwhile the lines wait, as many as there is room for.
 */
export class LogWriter {
  readonly #options: LogWriterOptions;
  readonly #file: RotatingFile;
  readonly #waiting: WaitingLines;
  /** Those who wait for room. */
  readonly #held: (() => void)[] = [];
  #isStandingStill = false;
  #isWriting = false;
  /** Resolves when what was waiting is written, or could not be. */
  #written: Promise<void> = Promise.resolve();
  #retry: NodeJS.Timeout | undefined;
  #failing: Error | undefined;
  #firstFailure: Error | undefined;
  #failures = 0;

  /** Begins to open the log. */
  constructor(path: string, options: LogWriterOptions) {
    this.#options = options;
    const onError = (error: Error) => this.#countFailure(error);
    this.#file = new RotatingFile(path, { rotateBytes: options.rotateBytes, onError });
    this.#waiting = new WaitingLines((missing) => options.missingNotice(missing, this.#failing));
    this.#startWriting();
  }

  get failures(): number {
    return this.#failures;
  }

  get firstFailure(): Error | undefined {
    return this.#firstFailure;
  }

  get missingLines(): number {
    return this.#waiting.missingLines;
  }

  /** @param lines whole lines of ours */
  add(lines: string): void {
    this.#add(lines, MAX_WAITING_BYTES + RESERVED_BYTES);
  }

  /** @param lines whole lines of others, which find less room */
  addPrinted(lines: string): void {
    this.#add(lines, MAX_WAITING_BYTES);
  }

  /** Resolves in a later turn of the event loop, when there is room for more, or none is to be expected soon. */
  async untilThereIsRoom(): Promise<void> {
    await nextTurn();
    while (this.#waiting.bytes > CROWDED_BYTES && !this.#isStandingStill) {
      const patience = setTimeout(() => this.#standStill(true), STANDSTILL_MS);
      await new Promise<void>((resolve) => this.#held.push(resolve));
      clearTimeout(patience);
    }
  }

  /** Resolves when everything is in the files and rotated parts are compressed, or cannot be. Never rejects. */
  async close(): Promise<void> {
    // Twice: the first may be one that had begun before, and failed.
    for (let tries = 0; tries < 2; tries += 1) {
      this.#forgetRetry();
      this.#startWriting();
      await this.#written;
    }
    this.#forgetRetry();
    this.#waiting.giveUp();
    await this.#file.close();
  }

  #add(lines: string, limitBytes: number): void {
    if (this.#waiting.add(lines, limitBytes)) this.#startWriting();
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

  /** Lets those go on who wait for room. */
  #standStill(isStandingStill: boolean): void {
    this.#isStandingStill = isStandingStill;
    for (const goOn of this.#held.splice(0)) goOn();
  }

  #tryAgainLater(failure: Error): void {
    this.#countFailure(failure);
    this.#failing = failure;
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#startWriting();
    }, RETRY_MS).unref();
  }

  #forgetRetry(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
  }

  #countFailure(failure: Error): void {
    this.#failures += 1;
    this.#firstFailure ??= failure;
  }

  #tellWritten(): void {
    try {
      this.#options.onWritten();
    } catch (error) {
      this.#countFailure(error as Error);
    }
  }
}
