/**
 * Cuts a recording into chunks, the unit of work and of checkpoint.
 *
 * Long silences become chunks of their own that reach no engine (engines make words of silence; PocketSphinx hears "dog"
 * in zeros). What lies between is cut near `chunkSeconds`: in a pause when there is one, a long one rather than a short
 * one, a near one rather than a far one; else at the quietest 50 ms within 1.5 s of the mark. The plan depends on nothing but
 * its arguments, so a resumed job gets the same chunks.
 */
import { UsageError } from '../domain/errors.ts';
import { FRAME_SAMPLES, FRAMES_PER_SECOND, type Loudness } from './loudness.ts';
import { type FrameRange, findVoiceActivity, runsOf, type VoiceActivity } from './voice-activity.ts';

/** A shorter dip lies within a word: the closure of a stop consonant takes up to about 150 ms. */
const PAUSE_MIN_FRAMES = 0.2 * FRAMES_PER_SECOND;
/** A pause that is longer than this is not better still. */
const PAUSE_ENOUGH_FRAMES = FRAMES_PER_SECOND;
const QUIETEST_FRAMES = 0.05 * FRAMES_PER_SECOND;
const QUIETEST_REACH_FRAMES = 1.5 * FRAMES_PER_SECOND;
/** Pauses are looked for from here … */
const EARLIEST = 0.5;
/** … up to here, as parts of `chunkSeconds`; what remains and is no longer than this is one chunk. */
const LATEST = 1.25;
/** No cut leaves less than this behind. */
const LEAST_REST = 0.25;

export interface ChunkOptions {
  /** Where cuts are wanted. */
  chunkSeconds: number;
  /** The longest range an engine takes, overlap included. */
  maxChunkSeconds: number;
  /** What two neighbours share, half of it on each side of the cut. 0 by default. */
  overlapSeconds?: number;
}

export interface PlannedChunk {
  index: number;
  /** What the engine hears: the core and, where speech goes on in the neighbour, half the overlap. */
  startSample: number;
  /** Exclusive. */
  endSample: number;
  /** What the chunk answers for: the cores cover the recording without gap; of the words, those whose middle lies here count. */
  coreStartSample: number;
  /** Exclusive. */
  coreEndSample: number;
  /** False: never to be handed to an engine. Such a chunk may be of any length and overlaps nothing. */
  speech: boolean;
}

/**
 * Plans the chunks of a recording. Bounds are whole 10 ms frames, except the recording's end.
 * @returns in order; none for a recording without samples.
 * @throws UsageError when the options contradict each other.
 */
export function planChunks(loudness: Loudness, options: ChunkOptions): PlannedChunk[] {
  const { target, longest, halfOverlap } = toFrames(options);
  const activity = findVoiceActivity(loudness);
  const plan: PlannedChunk[] = [];
  const sample = (frame: number) => Math.min(frame * FRAME_SAMPLES, loudness.samples);
  const add = (core: FrameRange, heard: FrameRange, speech: boolean) => {
    plan.push({
      index: plan.length,
      startSample: sample(heard.start),
      endSample: sample(heard.end),
      coreStartSample: sample(core.start),
      coreEndSample: sample(core.end),
      speech,
    });
  };

  for (const region of regionsOf(loudness.frames.length, activity.silences)) {
    if (!region.speech) {
      add(region, region, false);
      continue;
    }
    for (const core of cut(region, target, longest, loudness.frames, activity)) {
      const start = Math.max(region.start, core.start - halfOverlap);
      const end = Math.min(region.end, core.end + halfOverlap);
      if (activity.surelySilent.subarray(core.start, core.end).includes(0)) add(core, { start, end }, true);
      else add(core, core, false);
    }
  }
  return plan;
}

function toFrames({ chunkSeconds, maxChunkSeconds, overlapSeconds = 0 }: ChunkOptions) {
  const halfOverlap = Math.ceil((overlapSeconds * FRAMES_PER_SECOND) / 2);
  const longest = Math.floor(maxChunkSeconds * FRAMES_PER_SECOND) - 2 * halfOverlap;
  if (!(overlapSeconds >= 0) || !(overlapSeconds <= maxChunkSeconds / 2)) {
    throw new UsageError(`An overlap of ${overlapSeconds} s does not fit chunks of at most ${maxChunkSeconds} s.`);
  }
  if (!(chunkSeconds > 0) || !(longest >= 1)) {
    throw new UsageError(`Chunks of ${chunkSeconds} s, at most ${maxChunkSeconds} s, are too short.`);
  }
  return { target: Math.min(Math.max(1, Math.round(chunkSeconds * FRAMES_PER_SECOND)), longest), longest, halfOverlap };
}

/** The recording as silences and what lies between them. */
function* regionsOf(total: number, silences: FrameRange[]): Generator<FrameRange & { speech: boolean }> {
  let at = 0;
  for (const silence of silences) {
    if (silence.start > at) yield { start: at, end: silence.start, speech: true };
    yield { ...silence, speech: false };
    at = silence.end;
  }
  if (at < total) yield { start: at, end: total, speech: true };
}

function* cut(region: FrameRange, chunk: number, longest: number, frames: Uint8Array, activity: VoiceActivity) {
  let start = region.start;
  while (start < region.end) {
    const rest = region.end - start;
    if (rest <= Math.min(longest, chunk * LATEST)) {
      yield { start, end: region.end };
      return;
    }
    // The last two share what is left, instead of a long one and a stub.
    const wanted = start + Math.round(Math.min(chunk, Math.max(rest / 2, chunk * EARLIEST)));
    const range = {
      start: start + Math.max(1, Math.floor(chunk * EARLIEST)),
      end: Math.min(start + Math.min(longest, Math.floor(chunk * LATEST)), region.end - Math.floor(chunk * LEAST_REST)),
    };
    const pause = bestPause(range, wanted, chunk, activity.pausing);
    const near = {
      start: Math.max(range.start, wanted - QUIETEST_REACH_FRAMES),
      end: Math.min(range.end, wanted + QUIETEST_REACH_FRAMES),
    };
    const end = pause ? quietest(pause, middleOf(pause), frames) : quietest(near, wanted, frames);
    yield { start, end };
    start = end;
  }
}

/** The best pause in a range: its length in seconds (up to one) less the distance of its middle in chunks. */
function bestPause(range: FrameRange, wanted: number, chunk: number, pausing: Uint8Array): FrameRange | undefined {
  let best: FrameRange | undefined;
  let bestScore = Number.NEGATIVE_INFINITY;
  for (const pause of runsOf(pausing, 1, range)) {
    const length = pause.end - pause.start;
    if (length < PAUSE_MIN_FRAMES) continue;
    const score = Math.min(length / PAUSE_ENOUGH_FRAMES, 1) - Math.abs(middleOf(pause) - wanted) / chunk;
    if (score > bestScore) {
      best = pause;
      bestScore = score;
    }
  }
  return best;
}

function middleOf({ start, end }: FrameRange): number {
  return (start + end) >> 1;
}

/** The middle of the quietest 50 ms of a range; of equally quiet ones, that nearest to the wanted place. */
function quietest(range: FrameRange, wanted: number, frames: Uint8Array): number {
  let best = Math.max(range.start, Math.min(wanted, range.end));
  let bestLevel = Number.POSITIVE_INFINITY;
  for (let middle = range.start; middle <= range.end; middle++) {
    let level = 0;
    for (let i = 0; i < QUIETEST_FRAMES; i++) level += frames[middle - (QUIETEST_FRAMES >> 1) + i] ?? 0;
    const nearer = Math.abs(middle - wanted) < Math.abs(best - wanted);
    if (level < bestLevel || (level === bestLevel && nearer)) {
      best = middle;
      bestLevel = level;
    }
  }
  return best;
}
