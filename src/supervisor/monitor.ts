/**
 * Watches one process for as long as it lives: notes that it does, measures what it uses, and keeps what it prints.
 *
 * Whatever goes wrong with that is the watcher's problem, not the job's: what throws is told, what hangs is given up
 * after a while and told, and the next turn comes all the same.
 */
import type { ChildProcess } from 'node:child_process';
import { PassThrough, type Readable } from 'node:stream';
import type { Clock } from '../domain/clock.ts';
import { reportOf } from '../domain/errors.ts';
import type { LogLevel } from '../domain/log-level.ts';
import type { JobLog } from '../logs/job-log.ts';
import { lastLines, linesFrom } from '../logs/tail.ts';
import { within } from './health.ts';
import { isAlive } from './identity.ts';
import type { ProcessRegistry, RegisteredProcess } from './process-registry.ts';
import { type Usage, UsageMeter } from './usage.ts';

/** Between two looks at a log that is followed. */
const FOLLOW_MS = 100;
const LEAST_INTERVAL_SECONDS = 0.1;
const MOST_INTERVAL_SECONDS = 3_600;

export interface MonitorOptions {
  clock: Clock;
  /** Between two turns. */
  intervalSeconds: number;
  isAlive(): boolean;
  /** What the process uses now, or undefined where that cannot be known. */
  sample(): Usage | undefined;
  onSample(usage: Usage): void | Promise<void>;
  /**
   * Notes that the process is alive.
   * @param at milliseconds since the epoch
   * @returns false when nobody wants to know any more; that ends the monitor
   */
  beat(at: number): Promise<boolean>;
  /** A heartbeat was noted, so many seconds later than it should have been. */
  onBeat(delaySeconds: number): void;
  /** The last word: the process is gone, or it is not registered any more. Not said after `stop`. */
  onEnd(why: 'gone' | 'forgotten'): void;
  onProblem(sentence: string): void;
  /** A look that takes longer is given up. */
  timeoutMs: number;
}

/** Looks at a process every few seconds. */
export class Monitor {
  readonly #options: MonitorOptions;
  #timer: NodeJS.Timeout | undefined;
  #state: 'new' | 'running' | 'stopped' = 'new';
  /** When the next heartbeat is due, on the monotonic clock. */
  #dueAt: number;
  #turning: Promise<void> = Promise.resolve();

  constructor(options: MonitorOptions) {
    this.#options = options;
    this.#dueAt = options.clock.monotonicMs();
  }

  get isRunning(): boolean {
    return this.#state === 'running';
  }

  /** Looks at once, then every few seconds. Does not keep this process alive. Idempotent; what was stopped stays so. */
  start(): void {
    if (this.#state !== 'new') return;
    this.#state = 'running';
    this.#turning = this.#turn();
  }

  /** Resolves when no look is under way any more; it never rejects. Idempotent. */
  stop(): Promise<void> {
    this.#state = 'stopped';
    clearTimeout(this.#timer);
    return this.#turning;
  }

  async #turn(): Promise<void> {
    const { onProblem, timeoutMs } = this.#options;
    try {
      await within(timeoutMs, 'A look at the process', this.#look());
    } catch (error) {
      onProblem(`The monitor was restarted: ${reportOf(error).message}`);
    } finally {
      this.#schedule();
    }
  }

  #schedule(): void {
    if (!this.isRunning) return;
    const intervalMs = this.#options.intervalSeconds * 1000;
    this.#dueAt = this.#options.clock.monotonicMs() + intervalMs;
    this.#timer = setTimeout(() => {
      this.#turning = this.#turn();
    }, intervalMs);
    this.#timer.unref();
  }

  async #look(): Promise<void> {
    const { clock, isAlive, beat, onBeat } = this.#options;
    const dueAt = this.#dueAt;
    if (!isAlive()) return this.#end('gone');
    void this.#measure();
    if (!(await beat(clock.now()))) return this.#end('forgotten');
    if (this.isRunning) onBeat(Math.max(0, clock.monotonicMs() - dueAt) / 1000);
  }

  /** The heartbeat does not wait for it: it matters more than the figures, and a listener may take its time. */
  async #measure(): Promise<void> {
    const { sample, onSample, onProblem } = this.#options;
    try {
      const usage = sample();
      if (usage) await onSample(usage);
    } catch (error) {
      onProblem(`What the process uses could not be noted: ${reportOf(error).message}`);
    }
  }

  #end(why: 'gone' | 'forgotten'): void {
    if (!this.isRunning) return;
    void this.stop();
    this.#options.onEnd(why);
  }
}

export interface ProcessWatchOptions
  extends Pick<MonitorOptions, 'clock' | 'onBeat' | 'onEnd' | 'onProblem' | 'timeoutMs'> {
  entry: RegisteredProcess;
  registry: ProcessRegistry;
  /** Undefined where another instance writes the log. */
  output: JobOutput | undefined;
  onSample: ((usage: Usage) => void | Promise<void>) | undefined;
}

/** What one instance holds of a process: its record, what it uses, its log, and the monitor. */
export class ProcessWatch {
  readonly entry: RegisteredProcess;
  readonly meter: UsageMeter;
  readonly output: JobOutput | undefined;
  readonly #options: ProcessWatchOptions;
  #monitor: Monitor | undefined;

  constructor(options: ProcessWatchOptions) {
    this.#options = options;
    this.entry = options.entry;
    this.meter = new UsageMeter(options.entry.identity);
    this.output = options.output;
  }

  get isRunning(): boolean {
    return this.#monitor?.isRunning ?? false;
  }

  /** Watches from now on, at this interval. */
  start(intervalSeconds: number): void {
    const { entry, registry, onSample, onProblem } = this.#options;
    const { jobId, identity } = entry;
    void this.stop();
    this.#monitor = new Monitor({
      ...this.#options,
      intervalSeconds: Math.min(MOST_INTERVAL_SECONDS, Math.max(LEAST_INTERVAL_SECONDS, intervalSeconds)),
      isAlive: () => isAlive(identity),
      sample: () => this.meter.sample(),
      onSample: (usage) => onSample?.(usage),
      beat: (at) => registry.beat(jobId, at),
      onProblem: (sentence) => {
        this.output?.note('WARNING', sentence);
        onProblem(`Job ${jobId}: ${sentence}`);
      },
    });
    this.#monitor.start();
  }

  /** No heartbeat is noted once this resolves. @returns whether it was watched */
  async stop(): Promise<boolean> {
    const wasRunning = this.isRunning;
    await this.#monitor?.stop();
    return wasRunning;
  }
}

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

/** A log that is read while it is written. */
export interface FollowedLog {
  path: string;
  /** Begins with so many last lines; undefined: with the first line. */
  lines: number | undefined;
  /** Whether more may come. */
  isLive(): Promise<boolean>;
  clock: Clock;
  signal: AbortSignal;
}

/** The lines of a log as they come, until no more can come or it is told to stop. */
export async function* followLines(log: FollowedLog): AsyncGenerator<string, void, undefined> {
  const { path, lines, isLive, clock, signal } = log;
  let piece = lines === undefined ? await linesFrom(path, 0) : await lastLines(path, lines);
  let rest = '';
  while (!signal.aborted) {
    const whole = (rest + piece.text).split('\n');
    rest = whole.pop() ?? '';
    for (const line of whole) {
      if (signal.aborted) return;
      yield line;
    }
    // Asked first: what was written before the end is read after it.
    const live = await isLive();
    const { position } = piece;
    piece = await linesFrom(path, position);
    if (piece.text !== '') continue;
    if (!live) return yield* lastWords(rest, path, position);
    await clock.sleep(FOLLOW_MS, signal).catch(() => undefined);
  }
}

/** A line that its writer could not end. */
async function* lastWords(rest: string, path: string, position: number): AsyncGenerator<string, void, undefined> {
  const last = await lastLines(path, 1);
  const text = rest + (last.position > position ? last.text : '');
  if (text !== '') yield text;
}
