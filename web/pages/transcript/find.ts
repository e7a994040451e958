/** Find and replace. */
import type { Doc, DocSegment } from './document.ts';
import { withTexts } from './document.ts';
import type { Span } from './word-places.ts';

export interface Wish {
  text: string;
  matchCase: boolean;
  wholeWord: boolean;
}

export interface Match extends Span {
  /** Of the segment. */
  index: number;
}

/** All places, in order. A place never spans two segments. */
export function findAll(segments: readonly DocSegment[], wish: Wish): Match[] {
  const pattern = patternOf(wish);
  if (!pattern) return [];
  return segments.flatMap(({ index, text }) =>
    Array.from(text.matchAll(pattern), (match) => ({
      index,
      start: match.index,
      end: match.index + match[0].length,
    })),
  );
}

/** Puts another text in these places. */
export function replaceIn(doc: Doc, matches: readonly Match[], by: string): Doc {
  const texts = new Map<number, string>();
  const bySegment = new Map<number, Match[]>();
  for (const match of matches) bySegment.set(match.index, [...(bySegment.get(match.index) ?? []), match]);
  for (const { index, text } of doc.segments) {
    const here = bySegment.get(index);
    if (!here) continue;
    let [made, at] = ['', 0];
    for (const { start, end } of here) {
      made += text.slice(at, start) + by;
      at = end;
    }
    texts.set(index, made + text.slice(at));
  }
  return withTexts(doc, texts);
}

function patternOf({ text, matchCase, wholeWord }: Wish): RegExp | undefined {
  if (text === '') return undefined;
  const literal = text.replace(/[\\^$.*+?()[\]{}|/]/gu, '\\$&');
  const source = wholeWord ? `(?<![\\p{L}\\p{M}\\p{N}])${literal}(?![\\p{L}\\p{M}\\p{N}])` : literal;
  return new RegExp(source, matchCase ? 'gu' : 'giu');
}
