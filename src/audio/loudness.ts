/**
 * How loud a recording is, in one byte for every 10 ms (360 kB an hour): all that finding the silences needs.
 *
 * A byte is 0 for a frame without any movement (digital silence), else 255 + 2 · dBFS, rounded and kept within 1 … 255:
 * half a decibel a step, from full scale down to -127 dBFS, which is below the softest thing that 16 bits can hold.
 * The level is the standard deviation, so a constant offset, as cheap sound cards have, counts as silence.
 */
export const SAMPLE_RATE_HZ = 16_000;
/** 10 ms. */
export const FRAME_SAMPLES = 160;
export const FRAMES_PER_SECOND = SAMPLE_RATE_HZ / FRAME_SAMPLES;
const BYTES_PER_SAMPLE = 2;
/** What a recording may be longer than expected before the frames move to a larger place. */
const SPARE_SECONDS = 60;
/** Nobody knows what a damaged header promises; what is longer grows as it comes. */
const LONGEST_EXPECTED_SECONDS = 24 * 3600;
const FULL_SCALE = 32_768;

export interface Loudness {
  /** Length of the recording in samples at 16 kHz. */
  samples: number;
  /** One byte per 10 ms; the last frame may be shorter. */
  frames: Uint8Array;
}

/** The level of a frame's byte in dBFS; -128 for digital silence. */
export function levelDb(byte: number): number {
  return byte === 0 ? -128 : (byte - 255) / 2;
}

/** Takes signed 16-bit little-endian mono samples in pieces of any size. */
export class LoudnessMeter {
  #frames: Uint8Array;
  #frameCount = 0;
  #samples = 0;
  #inFrame = 0;
  #sum = 0;
  #squares = 0;
  /** The first byte of a sample whose second one comes with the next piece. */
  #half: number | undefined;

  /**
   * @param expectedSeconds how long the recording says it is. Nothing depends on it but memory: what is set aside and
   * not used costs none (the system gives pages when they are written), and what grows is copied and in memory twice.
   */
  constructor(expectedSeconds = 0) {
    const expected = expectedSeconds > 0 ? Math.min(expectedSeconds, LONGEST_EXPECTED_SECONDS) : 0;
    this.#frames = new Uint8Array(Math.ceil((SPARE_SECONDS + expected) * FRAMES_PER_SECOND));
  }

  push(bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    if (this.#half !== undefined && bytes.length > 0) {
      const sample = this.#half | (view.getInt8(0) << 8);
      this.#add(1, sample, sample * sample);
      this.#half = undefined;
      at = 1;
    }
    while (at + 1 < bytes.length) {
      // A frame at a time with local sums: this loop sees every sample of every recording.
      const count = Math.min(FRAME_SAMPLES - this.#inFrame, (bytes.length - at) >> 1);
      const end = at + count * BYTES_PER_SAMPLE;
      let sum = 0;
      let squares = 0;
      for (; at < end; at += BYTES_PER_SAMPLE) {
        const sample = view.getInt16(at, true);
        sum += sample;
        squares += sample * sample;
      }
      this.#add(count, sum, squares);
    }
    if (at < bytes.length) this.#half = bytes[at];
  }

  /** The loudness of all that was pushed. Half a sample at the end does not count. */
  finish(): Loudness {
    if (this.#inFrame > 0) this.#endFrame();
    return { samples: this.#samples, frames: this.#frames.subarray(0, this.#frameCount) };
  }

  #add(count: number, sum: number, squares: number): void {
    this.#sum += sum;
    this.#squares += squares;
    this.#samples += count;
    this.#inFrame += count;
    if (this.#inFrame === FRAME_SAMPLES) this.#endFrame();
  }

  #endFrame(): void {
    const mean = this.#sum / this.#inFrame;
    const variance = this.#squares / this.#inFrame - mean * mean;
    if (this.#frameCount === this.#frames.length) {
      const larger = new Uint8Array(this.#frames.length * 2);
      larger.set(this.#frames);
      this.#frames = larger;
    }
    this.#frames[this.#frameCount++] = toByte(variance);
    this.#inFrame = this.#sum = this.#squares = 0;
  }
}

function toByte(variance: number): number {
  // Rounding leaves some 1e-7 of a constant offset; the smallest true movement, one step once in a frame, gives 6e-3.
  if (variance < 1e-4) return 0;
  const db = 10 * Math.log10(variance / FULL_SCALE ** 2);
  return Math.max(1, Math.min(255, Math.round(255 + 2 * db)));
}
