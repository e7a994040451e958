/**
 * Looks at one process every few seconds for as long as it lives: notes that it does, and measures what it uses.
 *
 * Whatever goes wrong with that is the watcher's problem, not the job's: what throws is told, what hangs is given up
 * after a while and told, and the next turn comes all the same.
 */
import type { Clock } from '../domain/clock.ts';
import { reportOf } from '../domain/errors.ts';
import { within } from './deadline.ts';
import type { Usage } from './usage.ts';

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
