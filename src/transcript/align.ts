/**
 * Gives a text that a person has changed the times of the words that it was made from.
 *
 * Both texts are taken apart into atoms: what stands between two spaces, and in scripts that have no spaces (Thai, Chinese,
 * …) each character with its marks. Atoms that both have are found by a diff. A word whose atoms are all there still, next to
 * each other, and that still begins and ends where words do, is unchanged: it keeps its time and its confidence. What is left
 * is new. New words take the time of the words that stood there before them, or else of the pause that they stand in.
 *
 * Where words of a script without spaces end, the words of the engine say; inside of new text `Intl.Segmenter` does.
 */
import { matchesOf } from './diff.ts';
import type { Word } from './transcript.ts';

const NO_SPACE =
  /[\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u;
const PART_OF_WORD = /^[\p{L}\p{M}\p{N}]/u;

const graphemes = new Intl.Segmenter('und', { granularity: 'grapheme' });
const wordBoundaries = new Intl.Segmenter('th', { granularity: 'word' });

/** The text of a person on one line: what is white space of any kind is one space. */
export function onOneLine(text: string): string {
  return text.replace(/\s+/gu, ' ').trim();
}

/**
 * The words of a changed text, in lists as the texts came.
 * @param words as they were, in order
 * @param texts what became of them: one text, or several where a segment was cut; each on one line and not empty
 * @param span the time of the whole, in milliseconds: no word leaves it
 */
export function alignWords(
  words: readonly Word[],
  texts: readonly string[],
  span: { startMs: number; endMs: number },
): Word[][] {
  const text = texts.join('\n');
  const kept = unchanged(words, text);
  const pieces = piecesOf(text, kept);
  const timed = withTimes(pieces, words, span);
  const lists: Word[][] = [];
  let end = -1;
  for (const [index, { startsAt }] of pieces.entries()) {
    // Each text begins behind the line break that ends the one before it.
    while (startsAt > end) end += (texts[lists.push([]) - 1]?.length ?? 0) + 1;
    lists.at(-1)?.push(timed[index]!);
  }
  return lists;
}

interface Atom {
  text: string;
  startsAt: number;
}

function atomsOf(text: string): Atom[] {
  const atoms: Atom[] = [];
  for (const { 0: run, index } of text.matchAll(/\S+/gu)) {
    if (!NO_SPACE.test(run)) {
      atoms.push({ text: run, startsAt: index });
      continue;
    }
    let open: Atom | undefined;
    for (const { segment, index: at } of graphemes.segment(run)) {
      if (NO_SPACE.test(segment)) {
        atoms.push({ text: segment, startsAt: index + at });
        open = undefined;
      } else if (open) open.text += segment;
      else {
        open = { text: segment, startsAt: index + at };
        atoms.push(open);
      }
    }
  }
  return atoms;
}

/** A word that is there still, and where in the new text. */
interface Kept {
  word: number;
  startsAt: number;
  endsAt: number;
}

/** What is known of the places between the characters of the new text. */
interface Boundaries {
  text: string;
  /** 1 where `Intl.Segmenter` ends a word of a script without spaces. */
  bySegmenter: Uint8Array;
  /** 1 inside of words that are there still. */
  inside: Uint8Array;
}

function unchanged(words: readonly Word[], text: string): { kept: Kept[]; boundaries: Boundaries } {
  const before = placed(words);
  const places = placesInNew(before.text, text);
  const boundaries = { text, bySegmenter: segmenterBoundaries(text), inside: new Uint8Array(text.length + 1) };
  let kept: Kept[] = [];
  for (const [word, { startsAt, endsAt }] of before.words.entries()) {
    const place = samePlaces(before.text, places, startsAt, endsAt);
    if (place !== undefined) kept.push({ word, startsAt: place, endsAt: place + endsAt - startsAt });
  }
  for (const { startsAt, endsAt } of kept) boundaries.inside.fill(1, startsAt + 1, endsAt);
  // One that goes takes an end from its neighbours: they are looked at behind it, one way and then the other.
  for (let count = -1; count !== kept.length; ) {
    count = kept.length;
    kept = standing(kept, words, boundaries);
    kept = standing(kept.reverse(), words, boundaries).reverse();
  }
  return { kept, boundaries };
}

/** The words in one text, and where each stands in it. */
function placed(words: readonly Word[]) {
  let text = '';
  const places = words.map((word, index) => {
    if (index > 0 && !word.joinsPrevious) text += ' ';
    const startsAt = text.length;
    text += word.text;
    return { startsAt, endsAt: text.length };
  });
  return { text, words: places };
}

/** For each character of the old text its place in the new one; -1: it is gone. */
function placesInNew(before: string, after: string): Int32Array {
  const [old, now] = [atomsOf(before), atomsOf(after)];
  const places = new Int32Array(before.length).fill(-1);
  const textOf = (atom: Atom) => atom.text;
  for (const { from, to, length } of matchesOf(old.map(textOf), now.map(textOf))) {
    for (let index = 0; index < length; index += 1) {
      const [atom, other] = [old[from + index]!, now[to + index]!];
      for (let at = 0; at < atom.text.length; at += 1) places[atom.startsAt + at] = other.startsAt + at;
    }
  }
  return places;
}

/** Where a word begins in the new text, when all of it stands there as it did. */
function samePlaces(before: string, places: Int32Array, startsAt: number, endsAt: number): number | undefined {
  const first = places[startsAt];
  if (first === undefined || first < 0 || endsAt === startsAt) return undefined;
  for (let at = startsAt; at < endsAt; at += 1) {
    if (places[at] !== first + at - startsAt && !/\s/u.test(before[at]!)) return undefined;
  }
  return first;
}

function segmenterBoundaries(text: string): Uint8Array {
  const all = new Uint8Array(text.length + 1);
  if (!NO_SPACE.test(text)) return all;
  let before = '';
  for (const { segment, index } of wordBoundaries.segment(text)) {
    const isBetweenWords = PART_OF_WORD.test(segment) && PART_OF_WORD.test([...before].at(-1) ?? '');
    if (isBetweenWords && (NO_SPACE.test(segment) || NO_SPACE.test(before))) all[index] = 1;
    before = segment;
  }
  return all;
}

/** Those that begin and end where words do. Whoever does not is no boundary for the others any more. */
function standing(all: readonly Kept[], words: readonly Word[], boundaries: Boundaries): Kept[] {
  const alive = new Map(all.map((kept) => [kept.word, kept]));
  const joins = (left: Kept | undefined, right: Kept | undefined) =>
    left !== undefined && right !== undefined && left.endsAt === right.startsAt && words[right.word]?.joinsPrevious;
  for (const kept of all) {
    const { word, startsAt, endsAt } = kept;
    const begins = isBoundary(boundaries, startsAt) || joins(alive.get(word - 1), kept);
    if (begins && (isBoundary(boundaries, endsAt) || joins(kept, alive.get(word + 1)))) continue;
    alive.delete(word);
    boundaries.inside.fill(0, startsAt + 1, endsAt);
  }
  return [...alive.values()];
}

function isBoundary({ text, bySegmenter, inside }: Boundaries, at: number): boolean {
  if (at === 0 || at === text.length) return true;
  return /\s/u.test(text[at - 1]!) || /\s/u.test(text[at]!) || (bySegmenter[at] === 1 && inside[at] === 0);
}

/** A word of the new text. */
interface Piece {
  text: string;
  startsAt: number;
  /** It is the first of one of the texts. */
  begins: boolean;
  joinsPrevious: boolean;
  /** The word that it was and is; undefined: it is new. */
  word: number | undefined;
}

function piecesOf(text: string, { kept, boundaries }: ReturnType<typeof unchanged>): Piece[] {
  const ends = new Set(kept.flatMap(({ startsAt, endsAt }) => [startsAt, endsAt]));
  const starts = new Map(kept.map((one) => [one.startsAt, one]));
  const pieces: Piece[] = [];
  for (let at = 0; at < text.length; ) {
    if (/\s/u.test(text[at]!) && !starts.has(at)) {
      at += 1;
      continue;
    }
    const one = starts.get(at);
    let end = one?.endsAt ?? at + 1;
    if (!one) while (!ends.has(end) && !isBoundary(boundaries, end)) end += 1;
    const begins = at === 0 || text[at - 1] === '\n';
    const joinsPrevious = !begins && !/\s/u.test(text[at - 1]!);
    pieces.push({ text: text.slice(at, end), startsAt: at, begins, joinsPrevious, word: one?.word });
    at = end;
  }
  return pieces;
}

function withTimes(pieces: readonly Piece[], words: readonly Word[], span: { startMs: number; endMs: number }): Word[] {
  const result: Word[] = [];
  for (let index = 0; index < pieces.length; ) {
    const { word, text, joinsPrevious, begins } = pieces[index]!;
    if (word !== undefined) {
      const { joinsPrevious: joined, ...rest } = words[word]!;
      // The first of a text says how it follows what is not in this text.
      const follows = begins ? joined : joinsPrevious;
      result.push({ ...rest, text, ...(follows ? { joinsPrevious: true } : {}) });
      index += 1;
      continue;
    }
    let end = index;
    while (end < pieces.length && pieces[end]!.word === undefined) end += 1;
    const first = (pieces[index - 1]?.word ?? -1) + 1;
    const last = pieces[end]?.word ?? words.length;
    const joinsBefore = index === 0 && words[0]?.joinsPrevious === true;
    result.push(...newWords(pieces.slice(index, end), { words, first, last, span, joinsBefore }));
    index = end;
  }
  return result;
}

interface Place {
  words: readonly Word[];
  /** The words that stood there: from `first` up to, but not, `last`. */
  first: number;
  last: number;
  span: { startMs: number; endMs: number };
  joinsBefore: boolean;
}

function newWords(pieces: readonly Piece[], { words, first, last, span, joinsBefore }: Place): Word[] {
  const gone = words.slice(first, last);
  const startMs = gone[0]?.startMs ?? words[first - 1]?.endMs ?? span.startMs;
  const endMs = Math.max(startMs, gone.at(-1)?.endMs ?? words[last]?.startMs ?? span.endMs);
  const total = pieces.reduce((sum, { text }) => sum + text.length, 0);
  const at = (characters: number) => Math.min(endMs, Math.round(startMs + ((endMs - startMs) * characters) / total));
  let characters = 0;
  return pieces.map(({ text, joinsPrevious }, index) => {
    const start = index === 0 ? startMs : Math.max(startMs, at(characters));
    characters += text.length;
    const end = index === pieces.length - 1 ? endMs : Math.max(startMs, at(characters));
    const replaced = gone.length === pieces.length ? gone[index] : undefined;
    return {
      text,
      startMs: replaced?.startMs ?? start,
      endMs: replaced?.endMs ?? end,
      confidence: 1,
      ...(joinsPrevious || (index === 0 && joinsBefore) ? { joinsPrevious: true } : {}),
      edited: true as const,
    };
  });
}
