/**
 * Where somebody may be speaking, from the loudness alone.
 *
 * Speech moves: within any few seconds its level goes up and down by 20 dB and more, at whatever volume. Room noise,
 * hum and silence stay where they are. So a frame counts as active when it stands 4 dB above the quietest moment of the
 * three seconds on either side of it (minimum statistics, after R. Martin, "Noise power spectral density estimation
 * based on optimal smoothing and minimum statistics", IEEE Trans. Speech and Audio Processing 9(5), 2001). The floor
 * follows the recording, so quiet speech after loud speech is found, and so is speech in noise.
 *
 * The question is asked to leave things out, and leaving out a word is worse than asking an engine about a slammed door.
 * In doubt it is speech: only a stretch of at least three seconds without one active frame is silence, and half a
 * second is kept on both sides of it for soft beginnings and endings. Whatever is below -84 dBFS is silence for sure.
 *
 * Why not ffmpeg's `silencedetect`: its threshold is one fixed level for all recordings; see
 * docs/decisions/0002-voice-activity.md.
 */
import { FRAMES_PER_SECOND, type Loudness } from './loudness.ts';

const DB = 2; // One decibel in the units of Loudness.
const byteOf = (dbfs: number) => 255 + dbfs * DB;

/** Median over 90 ms: longer than a click or a dropout, shorter than the shortest word. */
const SMOOTHING_FRAMES = 9;
const FLOOR_REACH_FRAMES = 3 * FRAMES_PER_SECOND;
/** Pink noise stays within 3 dB under this smoothing; speech 4 dB fainter than such noise still rises above 4. */
const ACTIVE_MARGIN = 4 * DB;
/** Where a cut is looked for: room noise with its ups and downs, and little else. */
const PAUSE_MARGIN = 6 * DB;
/** Below this a difference is that of rounding to 16 bits (dither lies near -93 dBFS). */
const LOWEST_FLOOR = byteOf(-90);
const SURELY_SILENT = byteOf(-84);
const SILENCE_MIN_FRAMES = 3 * FRAMES_PER_SECOND;
const PADDING_FRAMES = FRAMES_PER_SECOND / 2;

/** A range of 10 ms frames, `end` exclusive. */
export interface FrameRange {
  start: number;
  end: number;
}

export interface VoiceActivity {
  /** 1 for every frame that moves above the floor. */
  active: Uint8Array;
  /** 1 for every frame that may be part of a pause between words. */
  pausing: Uint8Array;
  /** 1 for every frame below -84 dBFS. */
  surelySilent: Uint8Array;
  /** The stretches to leave out, in order. */
  silences: FrameRange[];
}

/** Pure; time and memory linear in the recording's length (26 MB for 12 hours). */
export function findVoiceActivity({ frames }: Loudness): VoiceActivity {
  const level = medianFilter(frames, SMOOTHING_FRAMES);
  const floor = slidingMinimum(level, FLOOR_REACH_FRAMES);
  const active = new Uint8Array(level.length);
  const pausing = new Uint8Array(level.length);
  const surelySilent = new Uint8Array(level.length);
  for (let i = 0; i < level.length; i++) {
    const rise = level[i]! - Math.max(floor[i]!, LOWEST_FLOOR);
    active[i] = rise > ACTIVE_MARGIN ? 1 : 0;
    pausing[i] = rise <= PAUSE_MARGIN ? 1 : 0;
    surelySilent[i] = level[i]! <= SURELY_SILENT ? 1 : 0;
  }
  return { active, pausing, surelySilent, silences: findSilences(active, surelySilent) };
}

function findSilences(active: Uint8Array, surelySilent: Uint8Array): FrameRange[] {
  const total = active.length;
  const silences: FrameRange[] = [];
  for (const quiet of runsOf(active, 0, { start: 0, end: total })) {
    const whole = quiet.start === 0 && quiet.end === total;
    const longEnough = quiet.end - quiet.start >= SILENCE_MIN_FRAMES;
    // Of a recording of less than three seconds nobody can tell a steady sound from noise; only silence is certain.
    if (!longEnough && !(whole && !surelySilent.includes(0))) continue;
    silences.push({
      start: quiet.start === 0 ? 0 : quiet.start + PADDING_FRAMES,
      end: quiet.end === total ? total : quiet.end - PADDING_FRAMES,
    });
  }
  return silences.filter(({ start, end }) => end > start);
}

/** The unbroken stretches of `value` within a range. */
export function* runsOf(flags: Uint8Array, value: 0 | 1, within: FrameRange): Generator<FrameRange> {
  let i = within.start;
  while (i < within.end) {
    const start = i;
    while (i < within.end && flags[i] === value) i++;
    if (i > start) yield { start, end: i };
    else i++;
  }
}

/** The median of `width` (odd) values around each; at the ends, of those that exist. */
function medianFilter(values: Uint8Array, width: number): Uint8Array {
  const half = width >> 1;
  const result = new Uint8Array(values.length);
  const sorted = new Uint8Array(width);
  for (let i = 0; i < values.length; i++) {
    const first = Math.max(0, i - half);
    const count = Math.min(values.length, i + half + 1) - first;
    for (let taken = 0; taken < count; taken++) insertSorted(sorted, taken, values[first + taken]!);
    result[i] = sorted[count >> 1]!;
  }
  return result;
}

/** Puts a value among the first `count` ones, which are in order. */
function insertSorted(sorted: Uint8Array, count: number, value: number): void {
  let at = count;
  for (; at > 0 && sorted[at - 1]! > value; at--) sorted[at] = sorted[at - 1]!;
  sorted[at] = value;
}

/** The minimum of the values up to `reach` before and after each, with a ring of candidates in rising order. */
function slidingMinimum(values: Uint8Array, reach: number): Uint8Array {
  const result = new Uint8Array(values.length);
  // No more candidates than values within reach are ever kept.
  const size = 2 * reach + 2;
  const ring = new Uint32Array(size);
  let head = 0;
  let tail = 0;
  for (let i = 0; i < values.length + reach; i++) {
    if (i < values.length) {
      while (tail > head && values[ring[(tail - 1) % size]!]! >= values[i]!) tail--;
      ring[tail++ % size] = i;
    }
    const centre = i - reach;
    if (centre < 0) continue;
    while (ring[head % size]! < centre - reach) head++;
    result[centre] = values[ring[head % size]!]!;
  }
  return result;
}
