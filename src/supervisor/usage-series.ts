import type { Clock } from '../domain/clock.ts';
import type { Store } from '../store/store.ts';
import { addUsage, MAX_USAGE_SAMPLES, thinUsage } from '../store/usage.ts';
import type { Usage } from './usage.ts';

/** How often a sample is kept at first. */
const SPACING_MS = 5_000;

/**
 * Keeps what a run uses, for plots: a sample every 5 s, and for long runs fewer. When there are as many as may be, every
 * second one goes and the spacing doubles, so that the series stays even over its whole length.
 */
export class UsageSeries {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #runId: number;
  #spacingMs = SPACING_MS;
  #lastAt: number;
  #writing = false;

  constructor(store: Store, clock: Clock, runId: number) {
    this.#store = store;
    this.#clock = clock;
    this.#runId = runId;
    this.#lastAt = clock.monotonicMs() - SPACING_MS;
  }

  /**
   * Keeps this sample if it is time for one and the last one is written.
   * @param progress per cent
   */
  async add({ elapsedSeconds, cpuPercent, rssBytes }: Usage, progress: number): Promise<void> {
    const now = this.#clock.monotonicMs();
    if (this.#writing || now - this.#lastAt < this.#spacingMs) return;
    this.#lastAt = now;
    this.#writing = true;
    try {
      const sample = { at: this.#clock.now(), elapsedSeconds, cpuPercent, memoryBytes: rssBytes, progress };
      const kept = await addUsage(this.#store, this.#runId, sample);
      if (kept < MAX_USAGE_SAMPLES) return;
      await thinUsage(this.#store, this.#runId);
      this.#spacingMs *= 2;
    } finally {
      this.#writing = false;
    }
  }
}
