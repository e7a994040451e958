/** Which word is spoken when. */
import type { DocSegment } from './document.ts';
import { wordsOf } from './word-places.ts';

export interface SpokenWord {
  /** Of its segment. */
  index: number;
  start: number;
  end: number;
}

/** All words of a recording by time. */
export class Timeline {
  readonly #starts: Float64Array;
  readonly #ends: Float64Array;
  readonly #words: SpokenWord[] = [];

  constructor(segments: readonly DocSegment[]) {
    const times: { startMs: number; endMs: number }[] = [];
    for (const segment of segments) {
      for (const { start, end, startMs, endMs } of wordsOf(segment)) {
        times.push({ startMs, endMs });
        this.#words.push({ index: segment.index, start, end });
      }
    }
    this.#starts = Float64Array.from(times, ({ startMs }) => startMs);
    this.#ends = Float64Array.from(times, ({ endMs }) => endMs);
  }

  /** The number of the last word that has begun at a time; -1 before the first. */
  at(ms: number): number {
    let [low, high] = [0, this.#starts.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#starts[middle]! <= ms) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  word(number: number): SpokenWord | undefined {
    return this.#words[number];
  }

  /** Whether nothing is said any more at a time after a word has begun. */
  isOver(number: number, ms: number, pauseMs: number): boolean {
    return ms > (this.#ends[number] ?? 0) + pauseMs;
  }
}
