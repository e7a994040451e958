/** How many times longer than expected a chunk may take before its worker counts as stalled. */
const PATIENCE = 10;
/** Nothing counts as stalled sooner than this after something was measured. */
const SHORTEST_MS = 30_000;
/** Before anything was measured, the model may have to be read from a slow disk. */
const SHORTEST_FIRST_MS = 60_000;
/** However slow the machine: half an hour without a chunk is a hang. */
export const LONGEST_ALLOWANCE_MS = 30 * 60_000;

interface Samples {
  startSample: number;
  endSample: number;
}

/**
 * How long an engine worker may be silent over one chunk: learnt from the chunks already done on this machine, so that
 * a slow machine is not taken for a hung one and a hang on a fast machine does not cost half an hour.
 */
export class ChunkAllowance {
  readonly #sampleRateHz: number;
  readonly #seedRealtimeFactor: number;
  readonly #fixedMs: number | undefined;
  #slowest: number | undefined;

  /**
   * @param seedRealtimeFactor seconds of work per second of audio expected before anything was measured
   * @param fixedSeconds the user's own limit, which then stands
   */
  constructor(sampleRateHz: number, seedRealtimeFactor: number, fixedSeconds?: number) {
    this.#sampleRateHz = sampleRateHz;
    this.#seedRealtimeFactor = seedRealtimeFactor;
    this.#fixedMs = fixedSeconds === undefined ? undefined : fixedSeconds * 1000;
  }

  /** Milliseconds for this chunk. */
  msFor(chunk: Samples): number {
    if (this.#fixedMs !== undefined) return this.#fixedMs;
    const factor = this.#slowest ?? this.#seedRealtimeFactor;
    const shortest = this.#slowest === undefined ? SHORTEST_FIRST_MS : SHORTEST_MS;
    const expectedMs = this.#audioMs(chunk) * factor;
    return Math.min(LONGEST_ALLOWANCE_MS, Math.max(shortest, PATIENCE * expectedMs));
  }

  /** A chunk took this long. */
  learn(chunk: Samples, workMs: number): void {
    const audioMs = this.#audioMs(chunk);
    // Very short chunks measure the start-up, not the speed.
    if (audioMs >= 1_000) this.#slowest = Math.max(this.#slowest ?? 0, workMs / audioMs);
  }

  #audioMs(chunk: Samples): number {
    return ((chunk.endSample - chunk.startSample) / this.#sampleRateHz) * 1000;
  }
}
