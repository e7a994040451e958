/** Segments are as long as a subtitle; for reading, several make a paragraph. */
import type { DocSegment } from './document.ts';

export interface Paragraph {
  /** Of its first segment. */
  index: number;
  startMs: number;
  speaker: string | undefined;
  segments: readonly DocSegment[];
  characters: number;
}

/** Silence that begins a new one. */
const PAUSE_MS = 2_000;
/** From this length on the next end of a sentence, or breath, ends it. */
const LONG_MS = 25_000;
/** It is never longer. */
const LONGEST_MS = 50_000;
const BREATH_MS = 400;
const SENTENCE_END = /[.!?…。！？ฯ]["'”’»)\]]*$/u;

/** The same segments give the same paragraphs, so that only what was changed is drawn anew. */
export function paragraphsOf(segments: readonly DocSegment[], before: readonly Paragraph[] = []): Paragraph[] {
  const known = new Map(before.map((paragraph) => [paragraph.index, paragraph]));
  const groups: DocSegment[][] = [];
  for (const segment of segments) {
    const group = groups.at(-1);
    if (group && belongs(group, segment)) group.push(segment);
    else groups.push([segment]);
  }
  return groups.map((group) => {
    const first = group[0]!;
    const old = known.get(first.index);
    if (old && old.segments.length === group.length && old.segments.every((one, at) => one === group[at])) return old;
    return {
      index: first.index,
      startMs: first.startMs,
      speaker: first.speaker,
      segments: group,
      characters: group.reduce((sum, { text }) => sum + text.length + 1, 0),
    };
  });
}

function belongs(group: readonly DocSegment[], next: DocSegment): boolean {
  const first = group[0]!;
  const last = group.at(-1)!;
  if (next.speaker !== first.speaker) return false;
  const pauseMs = next.startMs - last.endMs;
  if (pauseMs >= PAUSE_MS || next.endMs - first.startMs > LONGEST_MS) return false;
  const isLong = last.endMs - first.startMs >= LONG_MS;
  return !isLong || !(SENTENCE_END.test(last.text) || pauseMs >= BREATH_MS);
}

/** The number of the paragraph that holds a segment. */
export function paragraphWith(paragraphs: readonly Paragraph[], index: number): number {
  let [low, high] = [0, paragraphs.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (paragraphs[middle]!.index <= index) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Thai has no spaces between words: browsers break its lines by a dictionary when they know that it is Thai. */
export function scriptOf(text: string): 'th' | undefined {
  return /\p{Script=Thai}/u.test(text) ? 'th' : undefined;
}
