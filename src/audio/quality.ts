/**
 * How well a recording lets itself be understood: up to which frequency speech reaches in it, and how far speech stands
 * above the noise.
 *
 * Both compare moments of speech with moments without. The signal-to-noise ratio does so with the loudness of all frames
 * and what `voice-activity.ts` makes of them: the mean power while somebody speaks, less that of the noise, over that of
 * the noise in the pauses (as in NIST's quick method, https://www.nist.gov/itl/iad/mig/nist-speech-signal-noise-ratio-measurements,
 * which tells the two apart by the histogram of the levels).
 *
 * For the bandwidth a spectrum is taken five times a second while the samples stream through (256 points, Hann window) and
 * summed up to 32 bands of 250 Hz. A window counts as speech when it is louder than the quietest one of the last six
 * seconds by 6 dB, and as noise when it is within 3 dB of that (minimum statistics, as in `voice-activity.ts`, but looking
 * back only). Speech reaches a band when the band's loudest moments (its 95th percentile while there is speech; of the
 * highest bands little but fricatives is heard) stand 10 dB above the band's noise (its median), and no more than 60 dB
 * below the loudest band, where the leakage of a resampler lies. Only histograms are kept: 16 KB, however long it is.
 */
import type { SoundQuality } from '../domain/model-choice.ts';
import { FRAME_SAMPLES, type Loudness, levelDb, SAMPLE_RATE_HZ } from './loudness.ts';
import { findVoiceActivity } from './voice-activity.ts';

const WINDOW_SAMPLES = 256;
const HOP_SAMPLES = SAMPLE_RATE_HZ / 5;
const BYTES_PER_SAMPLE = 2;
const FULL_SCALE = 32_768;

const BAND_HZ = 250;
const BANDS = SAMPLE_RATE_HZ / 2 / BAND_HZ;
const BINS_PER_BAND = WINDOW_SAMPLES / 2 / BANDS;

const FLOOR_WINDOWS = 30;
const SPEECH_MARGIN_DB = 6;
const NOISE_MARGIN_DB = 3;
/** As in `voice-activity.ts`: below this a difference is that of rounding to 16 bits. */
const LOWEST_FLOOR_DB = -90;

const SPEECH_PERCENTILE = 0.95;
const NOISE_PERCENTILE = 0.5;
const ABOVE_NOISE_DB = 10;
const BELOW_LOUDEST_DB = 60;

const STEP_DB = 2;
const LEAST_DB = -128;
const STEPS = -LEAST_DB / STEP_DB;

/** Takes signed 16-bit little-endian mono samples at 16 kHz in pieces of any size. */
export class BandwidthMeter {
  readonly #speech = new BandHistograms();
  readonly #noise = new BandHistograms();
  readonly #window = new Uint8Array(WINDOW_SAMPLES * BYTES_PER_SAMPLE);
  /** The levels of the last windows, in a ring. */
  readonly #recent: number[] = [];
  #windows = 0;
  /** Bytes since the last window began. */
  #at = 0;

  push(bytes: Uint8Array): void {
    const hop = HOP_SAMPLES * BYTES_PER_SAMPLE;
    for (let from = 0; from < bytes.length; ) {
      const wanted = this.#at < this.#window.length ? this.#window.length - this.#at : hop - this.#at;
      const count = Math.min(wanted, bytes.length - from);
      if (this.#at < this.#window.length) this.#window.set(bytes.subarray(from, from + count), this.#at);
      this.#at += count;
      from += count;
      if (this.#at === this.#window.length) this.#measure();
      if (this.#at === hop) this.#at = 0;
    }
  }

  /** In Hz, in whole bands; undefined when no speech was found. */
  finish(): number | undefined {
    if (this.#speech.isEmpty || this.#noise.isEmpty) return undefined;
    const speech = this.#speech.percentiles(SPEECH_PERCENTILE);
    const noise = this.#noise.percentiles(NOISE_PERCENTILE);
    const loudest = Math.max(...speech);
    const highest = speech.findLastIndex(
      (level, band) => level - (noise[band] as number) >= ABOVE_NOISE_DB && level >= loudest - BELOW_LOUDEST_DB,
    );
    return highest < 0 ? undefined : (highest + 1) * BAND_HZ;
  }

  #measure(): void {
    const bands = bandPowers(this.#window);
    const level = Math.max(LOWEST_FLOOR_DB, inDb(bands.reduce((sum, power) => sum + power, 0)));
    this.#recent[this.#windows++ % FLOOR_WINDOWS] = level;
    const rise = level - Math.min(...this.#recent);
    if (rise >= SPEECH_MARGIN_DB) this.#speech.add(bands);
    else if (rise <= NOISE_MARGIN_DB) this.#noise.add(bands);
  }
}

/**
 * The quality of a recording's sound.
 * @param bandwidthHz from a `BandwidthMeter`
 * @returns undefined where nobody can be heard to speak
 */
export function soundQuality(loudness: Loudness, bandwidthHz: number | undefined): SoundQuality | undefined {
  const snrDb = signalToNoiseDb(loudness);
  return bandwidthHz === undefined || snrDb === undefined ? undefined : { bandwidthHz, snrDb };
}

function signalToNoiseDb(loudness: Loudness): number | undefined {
  const { frames, samples } = loudness;
  const { active } = findVoiceActivity(loudness);
  const power = [0, 0];
  const count = [0, 0];
  // The last frame may be a part of one.
  for (let i = 0; i < Math.floor(samples / FRAME_SAMPLES); i++) {
    const kind = active[i] as 0 | 1;
    power[kind]! += POWERS[frames[i] as number] as number;
    count[kind]! += 1;
  }
  const [noiseFrames, speechFrames] = count as [number, number];
  if (noiseFrames === 0 || speechFrames === 0) return undefined;
  const noise = Math.max(10 ** (LOWEST_FLOOR_DB / 10), (power[0] as number) / noiseFrames);
  const speech = (power[1] as number) / speechFrames - noise;
  return speech > 0 ? Math.round(10 * Math.log10(speech / noise) * 10) / 10 : undefined;
}

/** By the byte of a frame. */
const POWERS = Float64Array.from({ length: 256 }, (_, byte) => 10 ** (levelDb(byte) / 10));

/** How often each band had which level. */
class BandHistograms {
  readonly #counts = new Uint32Array(BANDS * STEPS);
  #windows = 0;

  get isEmpty(): boolean {
    return this.#windows === 0;
  }

  add(bands: Float64Array): void {
    this.#windows += 1;
    for (let band = 0; band < BANDS; band++) {
      const step = Math.floor((inDb(bands[band] as number) - LEAST_DB) / STEP_DB);
      this.#counts[band * STEPS + Math.max(0, Math.min(STEPS - 1, step))]! += 1;
    }
  }

  /** For each band the level in dBFS that this part of the windows does not exceed. */
  percentiles(part: number): number[] {
    return Array.from({ length: BANDS }, (_, band) => {
      let left = part * this.#windows;
      let step = 0;
      for (; step < STEPS - 1; step++) {
        left -= this.#counts[band * STEPS + step] as number;
        if (left <= 0) break;
      }
      return LEAST_DB + (step + 0.5) * STEP_DB;
    });
  }
}

const HANN = Float64Array.from(
  { length: WINDOW_SAMPLES },
  (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / WINDOW_SAMPLES),
);
/** So that the bands of a signal add up to its power, a full-scale square wave's being 1. */
const SCALE = 2 / (WINDOW_SAMPLES * HANN.reduce((sum, weight) => sum + weight ** 2, 0) * FULL_SCALE ** 2);
const COS = Float64Array.from({ length: WINDOW_SAMPLES / 2 }, (_, i) => Math.cos((2 * Math.PI * i) / WINDOW_SAMPLES));
const SIN = Float64Array.from({ length: WINDOW_SAMPLES / 2 }, (_, i) => -Math.sin((2 * Math.PI * i) / WINDOW_SAMPLES));
const REVERSED = Uint16Array.from({ length: WINDOW_SAMPLES }, (_, i) => reverseBits(i));
const real = new Float64Array(WINDOW_SAMPLES);
const imaginary = new Float64Array(WINDOW_SAMPLES);

/** The power in each band; the lowest bin, a constant offset, is left out. */
function bandPowers(window: Uint8Array): Float64Array {
  const view = new DataView(window.buffer, window.byteOffset, window.byteLength);
  for (let i = 0; i < WINDOW_SAMPLES; i++) {
    real[REVERSED[i] as number] = view.getInt16(i * BYTES_PER_SAMPLE, true) * (HANN[i] as number);
  }
  imaginary.fill(0);
  transform();
  const bands = new Float64Array(BANDS);
  for (let bin = 1; bin < WINDOW_SAMPLES / 2; bin++) {
    const power = (real[bin] as number) ** 2 + (imaginary[bin] as number) ** 2;
    bands[Math.floor(bin / BINS_PER_BAND)]! += power * SCALE;
  }
  return bands;
}

/** Radix-2 fast Fourier transform in place, of values in bit-reversed order (Cooley and Tukey, Math. Comp. 19, 1965). */
function transform(): void {
  for (let half = 1; half < WINDOW_SAMPLES; half *= 2) {
    const stride = WINDOW_SAMPLES / 2 / half;
    for (let start = 0; start < WINDOW_SAMPLES; start += 2 * half) {
      for (let k = 0; k < half; k++) {
        const a = start + k;
        const b = a + half;
        const cos = COS[k * stride]!;
        const sin = SIN[k * stride]!;
        const re = real[b]! * cos - imaginary[b]! * sin;
        const im = real[b]! * sin + imaginary[b]! * cos;
        real[b] = real[a]! - re;
        imaginary[b] = imaginary[a]! - im;
        real[a]! += re;
        imaginary[a]! += im;
      }
    }
  }
}

function reverseBits(index: number): number {
  let reversed = 0;
  for (let bit = 1; bit < WINDOW_SAMPLES; bit *= 2) reversed = reversed * 2 + (index & bit ? 1 : 0);
  return reversed;
}

function inDb(power: number): number {
  return 10 * Math.log10(power + 1e-13);
}
