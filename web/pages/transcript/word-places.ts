/** Where words stand in the text of their segment, and when they are spoken after somebody has changed it. */
import type { Segment, Word } from '../../api-types.ts';

/** A stretch of a text, in UTF-16 units. */
export interface Span {
  start: number;
  end: number;
}

export type PlacedWord = Span & Word;

type Spoken = Pick<Segment, 'text' | 'words' | 'startMs' | 'endMs'>;

const places = new WeakMap<Spoken, PlacedWord[]>();

/** The words of a segment with their places in its text. Where an import knows of no words, their times are estimated. */
export function wordsOf(segment: Spoken): PlacedWord[] {
  const known = places.get(segment);
  if (known) return known;
  const words = segment.words.length > 0 ? segment.words : estimated(segment.text, segment);
  const placed: PlacedWord[] = [];
  let at = 0;
  for (const word of words) {
    const start = segment.text.indexOf(word.text, at);
    if (start < 0) continue;
    at = start + word.text.length;
    placed.push({ ...word, start, end: at });
  }
  places.set(segment, placed);
  return placed;
}

/**
 * The words of a text that was changed, until the service has said when each is spoken: what is the same at both ends keeps
 * its time, and what lies between shares the rest by length.
 */
export function wordsAfter(before: Spoken, text: string): Word[] {
  const old = wordsOf(before);
  const prefix = samePrefix(before.text, text);
  const suffix = sameSuffix(before.text, text, prefix);
  const moved = text.length - before.text.length;
  const head = old.filter(({ end }, at) => end < prefix || (end === prefix && endsAt(text, end, old[at + 1])));
  const tail = old.slice(head.length).filter((word) => {
    const from = before.text.length - suffix;
    return word.start > from || (word.start === from && beginsAt(text, word.start + moved, word));
  });
  const first = head.at(-1)?.end ?? 0;
  const last = tail[0] ? tail[0].start + moved : text.length;
  const between = estimated(text.slice(first, last), {
    startMs: head.at(-1)?.endMs ?? before.startMs,
    endMs: tail[0]?.startMs ?? before.endMs,
  });
  return joined([...head.map(bare), ...between, ...tail.map(bare)], text);
}

/** The words of a segment before a place in its text, and those behind it; one that it is in becomes two. */
export function wordsAround(segment: Spoken, at: number): [before: Word[], behind: Word[]] {
  const before: Word[] = [];
  const behind: Word[] = [];
  for (const placed of wordsOf(segment)) {
    const word = bare(placed);
    const { start, end } = placed;
    if (end <= at) before.push(word);
    else if (start >= at) behind.push(word);
    else {
      const { startMs, endMs, text } = word;
      const middle = Math.round(startMs + ((endMs - startMs) * (at - start)) / (end - start));
      const part = { ...word, confidence: 1, edited: true } as const;
      before.push({ ...part, text: text.slice(0, at - start), endMs: middle });
      behind.push({ ...part, text: text.slice(at - start), startMs: middle });
    }
  }
  return [before, firstOfAll(behind)];
}

/** The words of a segment, estimated where nothing is known of them. */
export function bareWordsOf(segment: Spoken): Word[] {
  return segment.text === '' ? [] : firstOfAll(wordsOf(segment).map(bare));
}

/** Before the first word nothing stands that it could join. */
function firstOfAll([first, ...rest]: Word[]): Word[] {
  if (!first) return [];
  const { joinsPrevious: _, ...word } = first;
  return [word, ...rest];
}

function bare({ start: _start, end: _end, ...word }: PlacedWord): Word {
  return word;
}

function endsAt(text: string, at: number, next: Word | undefined): boolean {
  return at >= text.length || /\s/u.test(text[at]!) || next?.joinsPrevious === true;
}

function beginsAt(text: string, at: number, word: Word): boolean {
  return at === 0 || /\s/u.test(text[at - 1]!) || word.joinsPrevious === true;
}

function samePrefix(a: string, b: string): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length += 1;
  return length;
}

function sameSuffix(a: string, b: string, prefix: number): number {
  const most = Math.min(a.length, b.length) - prefix;
  let length = 0;
  while (length < most && a[a.length - 1 - length] === b[b.length - 1 - length]) length += 1;
  return length;
}

/** Words of people, which share a stretch of time by their lengths. */
function estimated(text: string, { startMs, endMs }: { startMs: number; endMs: number }): Word[] {
  const words = text.match(/\S+/gu) ?? [];
  const total = words.reduce((sum, word) => sum + word.length, 0);
  const timeAt = (characters: number) => Math.round(startMs + ((endMs - startMs) * characters) / total);
  let characters = 0;
  return words.map((word) => {
    const begins = timeAt(characters);
    characters += word.length;
    return { text: word, startMs: begins, endMs: timeAt(characters), confidence: 1, edited: true };
  });
}

/** Says of each word whether a space stands before it. */
function joined(words: Word[], text: string): Word[] {
  let at = 0;
  return words.map((word, index) => {
    const start = text.indexOf(word.text, at);
    const joins = index > 0 && start === at;
    at = start + word.text.length;
    const { joinsPrevious: _, ...rest } = word;
    return joins ? { ...rest, joinsPrevious: true } : rest;
  });
}
