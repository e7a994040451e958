/**
 * Puts the words of separately recognised chunks together into one line of words.
 *
 * Chunks are normally cut in silences and do not overlap; then their words simply follow each other. When an overlap was
 * asked for, both chunks hear the same seconds, each with a weak edge: the left one's last word and the right one's first
 * may be cut in half. So the words of both sides are aligned by text and time (a longest common subsequence, weighted by
 * how near in time its words are), and the seam is laid at the aligned word closest to the middle of the overlap, where
 * both sides have heard the surroundings. Without any aligned word the seam is the middle itself, and a word is left out
 * only when the other side says something at that very time.
 */
import type { Word } from './transcript.ts';

/** What an engine made of one chunk. */
export interface MergeChunk {
  /** The chunk's place in the recording, in milliseconds. */
  startMs: number;
  endMs: number;
  /** Times relative to `startMs`. */
  words: readonly Word[];
}

/** Two sides hear the same word at most this far apart; recognisers agree on a word's place to a fraction of a second. */
const SAME_WORD_MS = 600;

/**
 * Merges chunks into words with absolute times: none before the one in front of it, none outside of its chunk, no two at
 * the same time. With `overlapMs` 0 every word of every chunk is kept.
 *
 * @param chunks in any order; sorted by their start here.
 * @param options.overlapMs how far neighbouring chunks were asked to overlap, in milliseconds.
 */
export function mergeChunks(chunks: readonly MergeChunk[], { overlapMs }: { overlapMs: number }): Word[] {
  const inOrder = [...chunks].sort((a, b) => a.startMs - b.startMs || a.endMs - b.endMs);
  const merged: Word[] = [];
  let heardUntilMs = Number.NEGATIVE_INFINITY;
  for (const chunk of inOrder) {
    const words = chunk.words.map((word) => absolute(word, chunk));
    const overlaps = overlapMs > 0 && chunk.startMs < heardUntilMs;
    if (overlaps) joinAtSeam(merged, words, chunk.startMs, Math.min(heardUntilMs, chunk.endMs));
    else merged.push(...words);
    heardUntilMs = Math.max(heardUntilMs, chunk.endMs);
  }
  return inTimeOrder(merged);
}

function absolute(word: Word, chunk: MergeChunk): Word {
  const clip = (ms: number) => Math.min(Math.max(chunk.startMs + ms, chunk.startMs), chunk.endMs);
  const startMs = clip(word.startMs);
  return { ...word, startMs, endMs: Math.max(startMs, clip(word.endMs)) };
}

/** Lets `right` follow `left`, which it changes; both have heard `fromMs` to `toMs`. */
function joinAtSeam(left: Word[], right: readonly Word[], fromMs: number, toMs: number): void {
  const firstLeft = left.length - countFromEnd(left, (word) => word.endMs > fromMs);
  const lastRight = countFromStart(right, (word) => word.startMs < toMs);
  const heardLeft = left.slice(firstLeft);
  const heardRight = right.slice(0, lastRight);
  const middleMs = (fromMs + toMs) / 2;

  const seam = bestPair(align(heardLeft, heardRight), middleMs, heardLeft, heardRight);
  if (seam) {
    left.splice(firstLeft + seam.left + 1);
    left.push(...right.slice(seam.right + 1));
    return;
  }

  const keptLeft = heardLeft.filter((word) => middle(word) < middleMs);
  const keptRight = heardRight.filter((word) => middle(word) >= middleMs);
  for (const word of heardLeft) {
    if (middle(word) >= middleMs && !keptRight.some((other) => meet(word, other))) keptLeft.push(word);
  }
  for (const word of heardRight) {
    if (middle(word) < middleMs && !keptLeft.some((other) => meet(word, other))) keptRight.push(word);
  }
  left.splice(firstLeft);
  left.push(...[...keptLeft, ...keptRight].sort((a, b) => middle(a) - middle(b)), ...right.slice(lastRight));
}

interface Pair {
  left: number;
  right: number;
}

/** Pairs of the same word on both sides, in order on both: the common subsequence with the greatest total nearness. */
function align(left: readonly Word[], right: readonly Word[]): Pair[] {
  const leftTexts = left.map(comparable);
  const rightTexts = right.map(comparable);
  const nearness = (l: number, r: number): number => {
    const apartMs = Math.abs(middle(left[l]!) - middle(right[r]!));
    return leftTexts[l] === rightTexts[r] && apartMs < SAME_WORD_MS ? 1 - apartMs / SAME_WORD_MS : 0;
  };

  // best[l][r]: the greatest total over the words from l and from r on.
  const best = Array.from({ length: left.length + 1 }, () => new Float64Array(right.length + 1));
  for (let l = left.length - 1; l >= 0; l -= 1) {
    for (let r = right.length - 1; r >= 0; r -= 1) {
      const near = nearness(l, r);
      const paired = near > 0 ? near + best[l + 1]![r + 1]! : 0;
      best[l]![r] = Math.max(paired, best[l + 1]![r]!, best[l]![r + 1]!);
    }
  }

  const pairs: Pair[] = [];
  let l = 0;
  let r = 0;
  while (l < left.length && r < right.length) {
    if (best[l]![r] === best[l + 1]![r]) l += 1;
    else if (best[l]![r] === best[l]![r + 1]) r += 1;
    else pairs.push({ left: l++, right: r++ });
  }
  return pairs;
}

function bestPair(pairs: Pair[], middleMs: number, left: readonly Word[], right: readonly Word[]): Pair | undefined {
  const distance = ({ left: l, right: r }: Pair) => Math.abs((middle(left[l]!) + middle(right[r]!)) / 2 - middleMs);
  return pairs.reduce<Pair | undefined>(
    (best, pair) => (best && distance(best) <= distance(pair) ? best : pair),
    undefined,
  );
}

/** Case and punctuation depend on what stands around a word, so two sides may differ in them. */
function comparable(word: Word): string {
  const folded = word.text.normalize('NFKC').toLowerCase();
  return folded.replace(/[\p{P}\p{S}\s]/gu, '') || folded;
}

function middle(word: Word): number {
  return (word.startMs + word.endMs) / 2;
}

function meet(a: Word, b: Word): boolean {
  return a.startMs < b.endMs && b.startMs < a.endMs;
}

function countFromStart(words: readonly Word[], holds: (word: Word) => boolean): number {
  const end = words.findIndex((word) => !holds(word));
  return end === -1 ? words.length : end;
}

function countFromEnd(words: readonly Word[], holds: (word: Word) => boolean): number {
  return words.length - 1 - words.findLastIndex((word) => !holds(word));
}

/** Starts are what recognisers place best, so a word ends where the next one starts at the latest. */
function inTimeOrder(words: readonly Word[]): Word[] {
  const ordered: Word[] = [];
  for (const word of words) {
    const before = ordered.at(-1);
    const startMs = Math.max(word.startMs, before?.startMs ?? 0);
    if (before) before.endMs = Math.min(before.endMs, startMs);
    ordered.push({ ...word, startMs, endMs: Math.max(word.endMs, startMs) });
  }
  return ordered;
}
