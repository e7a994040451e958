/** What is different between two versions of a transcript, a passage at a time. */
import { matchesOf } from './diff.ts';
import type { Segment, Transcript } from './transcript.ts';

/** A stretch of words. Those that are equal or inserted are the text of the later one. */
export interface TextRun {
  type: 'equal' | 'insert' | 'delete';
  text: string;
}

/** Segments of both versions that share their time: one of each as a rule, more where segments were cut or joined. */
export interface Passage {
  /** Milliseconds from the start of the recording. */
  startMs: number;
  endMs: number;
  /** Indexes of segments, in the earlier and in the later version. */
  from: number[];
  to: number[];
  /** Set when somebody else speaks: the keys of both. */
  speaker: { from: string | null; to: string | null } | null;
  runs: TextRun[];
}

/** The passages in which text, speaker or the cut into segments differ, in order. */
export function changedPassages(from: Transcript, to: Transcript): Passage[] {
  return pairs(from.segments, to.segments).flatMap((pair) => passageOf(from.segments, to.segments, pair) ?? []);
}

interface Pair {
  from: number[];
  to: number[];
}

/** Segments that overlap in time belong together, and what overlaps those. */
function pairs(from: readonly Segment[], to: readonly Segment[]): Pair[] {
  const all: Pair[] = [];
  let [i, j] = [0, 0];
  while (i < from.length || j < to.length) {
    const pair: Pair = { from: [], to: [] };
    let endMs = Math.min(startOf(from, i), startOf(to, j)) + 1;
    for (;;) {
      // One that takes no time belongs to the moment that it stands at.
      if (startOf(from, i) < endMs) {
        endMs = Math.max(endMs, from[i]!.endMs);
        pair.from.push(i++);
      } else if (startOf(to, j) < endMs) {
        endMs = Math.max(endMs, to[j]!.endMs);
        pair.to.push(j++);
      } else break;
    }
    all.push(pair);
  }
  return all;
}

function startOf(segments: readonly Segment[], index: number): number {
  return segments[index]?.startMs ?? Number.POSITIVE_INFINITY;
}

function passageOf(from: readonly Segment[], to: readonly Segment[], pair: Pair): Passage | undefined {
  const [before, after] = [pair.from.map((index) => from[index]!), pair.to.map((index) => to[index]!)];
  const speaker = otherSpeaker(before, after);
  const isCutOtherwise = before.length !== after.length;
  if (!speaker && !isCutOtherwise && before.every(({ text }, index) => text === after[index]!.text)) return undefined;
  const runs = runsOf(before.flatMap(tokensOf), after.flatMap(tokensOf));
  if (!speaker && !isCutOtherwise && runs.every(({ type }) => type === 'equal')) {
    // The same words lie between segments otherwise.
    if (before.every(({ startMs }, index) => startMs === after[index]!.startMs)) return undefined;
  }
  const both = [...before, ...after];
  return {
    startMs: Math.min(...both.map(({ startMs }) => startMs)),
    endMs: Math.max(...both.map(({ endMs }) => endMs)),
    ...pair,
    speaker,
    runs,
  };
}

function otherSpeaker(before: readonly Segment[], after: readonly Segment[]): Passage['speaker'] {
  const speakers = (segments: readonly Segment[]) => [...new Set(segments.map(({ speaker }) => speaker ?? null))];
  const [earlier, later] = [speakers(before), speakers(after)];
  if (earlier.length === 0 || later.length === 0 || String(earlier) === String(later)) return null;
  return { from: earlier[0]!, to: later.find((speaker) => !earlier.includes(speaker)) ?? later[0]! };
}

interface Token {
  text: string;
  space: boolean;
}

function tokensOf({ text, words }: Segment): Token[] {
  if (words.length > 0) return words.map((word) => ({ text: word.text, space: !word.joinsPrevious }));
  return (text.match(/\S+/gu) ?? []).map((part) => ({ text: part, space: true }));
}

function runsOf(before: readonly Token[], after: readonly Token[]): TextRun[] {
  const runs: TextRun[] = [];
  const add = (type: TextRun['type'], tokens: readonly Token[], start: number) => {
    if (tokens.length === 0) return;
    const text = tokens
      .map((token, index) => (token.space && start + index > 0 ? ` ${token.text}` : token.text))
      .join('');
    runs.push({ type, text });
  };
  const textOf = ({ text }: Token) => text;
  let [i, j] = [0, 0];
  const end = { from: before.length, to: after.length, length: 0 };
  for (const { from, to, length } of [...matchesOf(before.map(textOf), after.map(textOf)), end]) {
    add('delete', before.slice(i, from), i);
    add('insert', after.slice(j, to), j);
    add('equal', after.slice(to, to + length), to);
    [i, j] = [from + length, to + length];
  }
  return runs;
}
