import type { ChildProcess } from 'node:child_process';
import { PassThrough, type Readable } from 'node:stream';
import type { LogLevel } from '../domain/log-level.ts';
import type { JobLog } from '../logs/job-log.ts';

/**
 * Takes hold of what a child prints by pipes. To be called as soon as it was started: when it ends Node throws away what
 * nobody has asked for. By streams between, because a log that is closed destroys what it copies, and a program whose
 * pipe breaks may die of it: whoever does not want it any more destroys these, and the rest is read and thrown away.
 */
export function printedBy({ stdout, stderr }: ChildProcess): PassThrough[] {
  return [stdout, stderr].flatMap((stream) =>
    stream && !stream.destroyed && !stream.readableEnded ? tap(stream) : [],
  );
}

function tap(stream: Readable): PassThrough {
  const tapped = new PassThrough();
  stream.on('error', (error) => tapped.destroy(error));
  stream.once('close', () => tapped.end());
  tapped.once('close', () => stream.unpipe(tapped).resume());
  return stream.pipe(tapped);
}

/** The log of a job for as long as there is something to write to it: as long as it is in use or a process prints. */
export class JobOutput {
  readonly jobId: string;
  readonly log: JobLog;
  readonly isOurs: boolean;
  readonly #onClosed: (output: JobOutput) => void;
  /** What is being printed. */
  readonly #copies = new Set<PassThrough>();
  readonly #done: Promise<void>;
  #finish!: () => void;
  #users = 1;
  #closing: Promise<void> | undefined;

  /**
   * @param isOurs the log was opened for this and is closed with it
   * @param onClosed called once, when nothing more is written from here
   */
  constructor(jobId: string, log: JobLog, isOurs: boolean, onClosed: (output: JobOutput) => void) {
    this.jobId = jobId;
    this.log = log;
    this.isOurs = isOurs;
    this.#onClosed = onClosed;
    this.#done = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  get isClosing(): boolean {
    return this.#closing !== undefined;
  }

  /** A line about the process. */
  note(level: LogLevel, sentence: string): void {
    this.log.write(level, 'supervisor', sentence);
  }

  /** Keeps what a process prints. */
  copy(printed: readonly PassThrough[]): void {
    for (const stream of printed) {
      this.#copies.add(stream);
      stream.once('close', () => {
        this.#copies.delete(stream);
        this.#closeWhenIdle();
      });
      this.log.copy('runner', stream);
    }
  }

  /** One more is interested in it. */
  retain(): this {
    this.#users += 1;
    return this;
  }

  /** One who was interested is not any more. */
  release(): void {
    this.#users -= 1;
    this.#closeWhenIdle();
  }

  /** Closes it now. What a process prints from here on is read and thrown away, so that it is not held up. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Resolves when all was printed, and a log of ours is closed; or after this time. */
  async ended(withinMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, withinMs);
    });
    await Promise.race([this.#done, tooLate]);
    clearTimeout(timer);
  }

  #closeWhenIdle(): void {
    if (this.#users <= 0 && this.#copies.size === 0) void this.close();
  }

  async #close(): Promise<void> {
    for (const stream of this.#copies) stream.destroy();
    if (this.isOurs) await this.log.close();
    this.#onClosed(this);
    this.#finish();
  }
}
