import type { Clock } from '../../domain/clock.ts';

/** The progress of a job or of a download is told at most four times a second. */
export const PROGRESS_INTERVAL_MS = 250;

/**
 * Lets through the newest of what comes too often, for each key apart: the first at once, then the latest as soon as the
 * time is up. What is held back can be taken out at any moment, so that it is not overtaken.
 */
export class Pace<K, T> {
  readonly #clock: Clock;
  readonly #pass: (key: K, latest: T) => void;
  /** Those whose time is not up. */
  readonly #paced = new Map<K, { held: T | undefined }>();
  readonly #closing = new AbortController();

  constructor(clock: Clock, pass: (key: K, latest: T) => void) {
    this.#clock = clock;
    this.#pass = pass;
  }

  offer(key: K, latest: T): void {
    const paced = this.#paced.get(key);
    if (paced) {
      paced.held = latest;
      return;
    }
    this.#passOn(key, latest);
  }

  /** What is held back of a key, which then is held back no more. */
  take(key: K): T | undefined {
    const paced = this.#paced.get(key);
    const held = paced?.held;
    if (paced) paced.held = undefined;
    return held;
  }

  close(): void {
    this.#closing.abort();
    this.#paced.clear();
  }

  #passOn(key: K, latest: T): void {
    const paced: { held: T | undefined } = { held: undefined };
    this.#paced.set(key, paced);
    this.#pass(key, latest);
    this.#clock.sleep(PROGRESS_INTERVAL_MS, this.#closing.signal).then(
      () => {
        this.#paced.delete(key);
        if (paced.held !== undefined) this.#passOn(key, paced.held);
      },
      (error) => {
        if (error !== this.#closing.signal.reason) throw error;
      },
    );
  }
}
