import { type Clock, systemClock } from '../domain/clock.ts';

/** A cleaned-up orphan is worth an alarm for so long; after that it is history. */
const ALARM_MS = 24 * 3_600_000;

/** Orphans that were cleaned up: all of them, and those of the last day. */
export class OrphanCount {
  readonly #clock: Clock;
  #recent: { at: number; count: number }[] = [];
  #total = 0;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  add(count: number): void {
    if (count <= 0) return;
    this.#total += count;
    this.#recent.push({ at: this.#clock.monotonicMs(), count });
  }

  get total(): number {
    return this.#total;
  }

  /** Within the last 24 hours. */
  get recent(): number {
    const since = this.#clock.monotonicMs() - ALARM_MS;
    this.#recent = this.#recent.filter(({ at }) => at >= since);
    return this.#recent.reduce((sum, { count }) => sum + count, 0);
  }
}
