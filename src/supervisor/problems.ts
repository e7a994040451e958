import { type Clock, systemClock } from '../domain/clock.ts';
import type { LogLevel } from '../domain/log-level.ts';

/** The same sentence again within this time is counted, not told. */
const REPEAT_MS = 60_000;
const SENTENCES_KEPT = 1_000;

/** Hears of a problem; `level` says how bad it is. May fail itself. */
export type OnProblem = (sentence: string, level: LogLevel) => void | Promise<void>;

/** Failures around jobs: survived, counted, told. */
export class Problems {
  readonly #clock: Clock;
  readonly #onProblem: OnProblem;
  readonly #toldAt = new Map<string, number>();
  #count = 0;

  /** @param onProblem told of each; may fail itself, which is counted too */
  constructor(clock: Clock = systemClock, onProblem: OnProblem = () => undefined) {
    this.#clock = clock;
    this.#onProblem = onProblem;
  }

  get count(): number {
    return this.#count;
  }

  /** Counts a problem and tells it, unless the same was told within a minute: what recurs would fill a log. */
  tell(sentence: string, level: LogLevel = 'WARNING'): void {
    this.#count += 1;
    const now = this.#clock.monotonicMs();
    const before = this.#toldAt.get(sentence);
    if (before !== undefined && now - before < REPEAT_MS) return;
    if (this.#toldAt.size >= SENTENCES_KEPT) this.#toldAt.clear();
    this.#toldAt.set(sentence, now);
    void this.#pass(sentence, level);
  }

  async #pass(sentence: string, level: LogLevel): Promise<void> {
    try {
      await this.#onProblem(sentence, level);
    } catch {
      // There is nobody left to tell it to; the count shows it.
      this.#count += 1;
    }
  }
}
