/**
 * Watches one run for what it cannot say of itself: that it hangs, or that it uses more than it may.
 *
 * Silence is counted in turns of this process's own timer, not by the clock: a laptop may sleep for a night, and an owner
 * that was stopped may go on, without a healthy runner being taken for a hung one.
 */
import type { Clock } from '../domain/clock.ts';
import { type LimitWatch, timeoutReport } from './limits.ts';
import type { Usage } from './usage.ts';
import { engineHung, overLimit, processHung, type Verdict } from './verdict.ts';

/** How long each kind of silence may last. */
export interface Patience {
  /** How often the runner says that its loop turns. */
  heartbeatMs: number;
  /** So many in a row missed: its process hangs. */
  missedHeartbeats: number;
  /** So long without any progress: its work stands still, whatever it says. */
  progressMs: number;
}

export interface WatchOptions {
  clock: Clock;
  patience: Patience;
  limits: LimitWatch;
  /** Seconds that count against the time limit. */
  runningSeconds(): number;
  /** The limit may become longer once the length of the recording is known. */
  timeLimitSeconds(): number;
  /** Called once, for the first thing that is wrong. */
  onVerdict(verdict: Verdict): void;
}

export class RunWatch {
  readonly #options: WatchOptions;
  readonly #timer: NodeJS.Timeout;
  #silentTurns = 0;
  #beatAt: number;
  #progressAt: number;
  #judged = false;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#beatAt = options.clock.monotonicMs();
    this.#progressAt = this.#beatAt;
    this.#timer = setInterval(() => this.#turn(), options.patience.heartbeatMs);
  }

  /** The runner's loop turned. @returns how many milliseconds later than it should have */
  beat(): number {
    const now = this.#options.clock.monotonicMs();
    const late = Math.max(0, now - this.#beatAt - this.#options.patience.heartbeatMs);
    this.#beatAt = now;
    this.#silentTurns = 0;
    return late;
  }

  /** Something became of the work: a percentage rose, a chunk was committed or failed. */
  progressed(): void {
    this.#progressAt = this.#options.clock.monotonicMs();
  }

  /** The tree was looked at. */
  sampled(usage: Usage): void {
    const tooMuch = this.#options.limits.check(usage);
    if (tooMuch) this.#judge(overLimit('memory limit', tooMuch));
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #turn(): void {
    const { clock, patience, runningSeconds, timeLimitSeconds } = this.#options;
    this.#silentTurns += 1;
    const silentMs = this.#silentTurns * patience.heartbeatMs;
    if (this.#silentTurns >= patience.missedHeartbeats) this.#judge(processHung(silentMs / 1000));
    const stillMs = clock.monotonicMs() - this.#progressAt;
    if (stillMs >= patience.progressMs) this.#judge(engineHung(stillMs / 1000));
    const limitSeconds = timeLimitSeconds();
    if (runningSeconds() >= limitSeconds) this.#judge(overLimit('time limit', timeoutReport(limitSeconds)));
  }

  #judge(verdict: Verdict): void {
    if (this.#judged) return;
    this.#judged = true;
    this.#options.onVerdict(verdict);
  }
}
