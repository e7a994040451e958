/**
 * How loud a recording is over time, for a picture of it: the largest amplitude in each of at most 20,000 equal stretches.
 *
 * A stretch is 10 ms at first. Whenever there are too many, each takes its neighbour in, so that memory and the result
 * stay small however long the recording is, and depend on its samples alone. A recording of minutes has 100 a second, one of
 * nine hours one in 2.56 s.
 */
import { SAMPLE_RATE_HZ } from './loudness.ts';

/** A screen has fewer columns; what is more shows when somebody looks closer. */
export const MOST_PEAKS = 20_000;
const FIRST_STRETCH_SAMPLES = SAMPLE_RATE_HZ / 100;
const BYTES_PER_SAMPLE = 2;
const FULL_SCALE = 32_768;
/** Soft speech lies near a hundredth of the full scale: with two decimals it would be a straight line. */
const STEPS = 1_000;

export interface Peaks {
  /** Of the sound, as the engines hear it. */
  durationSeconds: number;
  /** Peaks for each second; below 1 for recordings of hours. */
  samplesPerSecond: number;
  /** 0 (silence) to 1 (full scale), in thousandths. */
  peaks: number[];
}

/** Takes signed 16-bit little-endian mono samples at 16 kHz in pieces of any size. */
export class PeakMeter {
  readonly #peaks = new Uint16Array(MOST_PEAKS);
  #count = 0;
  #stretch = FIRST_STRETCH_SAMPLES;
  #inStretch = 0;
  #highest = 0;
  #samples = 0;
  /** The first byte of a sample whose second one comes with the next piece. */
  #half: number | undefined;

  push(bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    if (this.#half !== undefined && bytes.length > 0) {
      this.#add(Math.abs(this.#half | (view.getInt8(0) << 8)), 1);
      this.#half = undefined;
      at = 1;
    }
    while (at + 1 < bytes.length) {
      // A stretch at a time with a local maximum: this loop sees every sample of every recording.
      const count = Math.min(this.#stretch - this.#inStretch, (bytes.length - at) >> 1);
      const end = at + count * BYTES_PER_SAMPLE;
      let highest = 0;
      for (; at < end; at += BYTES_PER_SAMPLE) {
        const sample = view.getInt16(at, true);
        const size = sample < 0 ? -sample : sample;
        if (size > highest) highest = size;
      }
      this.#add(highest, count);
    }
    if (at < bytes.length) this.#half = bytes[at];
  }

  /** The peaks of all that was pushed. Half a sample at the end does not count. */
  finish(): Peaks {
    if (this.#inStretch > 0) this.#endStretch();
    return {
      durationSeconds: this.#samples / SAMPLE_RATE_HZ,
      samplesPerSecond: SAMPLE_RATE_HZ / this.#stretch,
      peaks: Array.from(
        this.#peaks.subarray(0, this.#count),
        (peak) => Math.round((peak / FULL_SCALE) * STEPS) / STEPS,
      ),
    };
  }

  #add(highest: number, samples: number): void {
    this.#highest = Math.max(this.#highest, highest);
    this.#samples += samples;
    this.#inStretch += samples;
    if (this.#inStretch === this.#stretch) this.#endStretch();
  }

  #endStretch(): void {
    this.#peaks[this.#count++] = this.#highest;
    this.#highest = this.#inStretch = 0;
    if (this.#count === MOST_PEAKS) this.#halve();
  }

  /** Each stretch takes its neighbour in. */
  #halve(): void {
    this.#count = MOST_PEAKS / 2;
    this.#stretch *= 2;
    for (let i = 0; i < this.#count; i++) {
      this.#peaks[i] = Math.max(this.#peaks[2 * i] as number, this.#peaks[2 * i + 1] as number);
    }
  }
}
