/** How fast a recording goes out, and how long the rest takes. */

/** Figures of less time than this say little. */
const SETTLE_MS = 1_000;
/** How much the newest figure counts. */
const WEIGHT = 0.3;
const LOOK_MS = 500;

export class Pace {
  readonly #totalBytes: number;
  #from: { bytes: number; at: number } | undefined;
  #last: { bytes: number; at: number } | undefined;
  #bytesPerSecond: number | undefined;

  constructor(totalBytes: number) {
    this.#totalBytes = totalBytes;
  }

  /** So many bytes are out now. */
  after(bytes: number, now = performance.now()): { bytesPerSecond?: number; secondsLeft?: number } {
    this.#from ??= { bytes, at: now };
    this.#last ??= this.#from;
    const passed = now - this.#last.at;
    if (now - this.#from.at >= SETTLE_MS && passed >= LOOK_MS) {
      const newest = ((bytes - this.#last.bytes) / passed) * 1000;
      const before = this.#bytesPerSecond;
      this.#bytesPerSecond = before === undefined ? newest : before + WEIGHT * (newest - before);
      this.#last = { bytes, at: now };
    }
    const speed = this.#bytesPerSecond;
    if (!speed || speed <= 0) return {};
    return { bytesPerSecond: speed, secondsLeft: (this.#totalBytes - bytes) / speed };
  }
}
