/** A transcript while it is changed: never in place, so that each state can be gone back to. */
import type { Segment, Transcript } from '../../api-types.ts';
import { bareWordsOf, wordsAfter, wordsAround } from './word-places.ts';

/** A segment, and what it is made of. */
export type DocSegment = Segment & {
  /** Its place in the document. */
  index: number;
  /** Of the version that is changed: the segment, or the first and the last of those, that it was made of. */
  from: number;
  to: number;
};

export interface Doc {
  /** In the order of time; a text that was emptied goes when it is saved. */
  segments: readonly DocSegment[];
  /** What its segments are made of has no meaning any more: it is saved as a whole, with its times. */
  isWhole?: true;
  /** Names by the keys that segments have. */
  speakers: Readonly<Record<string, string>>;
}

export function docOf({ segments, speakers = {} }: Transcript): Doc {
  return { segments: segments.map((segment, at) => ({ ...segment, ...placed(at) })), speakers };
}

function placed(at: number) {
  return { index: at, from: at, to: at };
}

export function nameOf({ speakers }: Pick<Doc, 'speakers'>, speaker: string | undefined): string | undefined {
  if (speaker === undefined) return undefined;
  return Object.hasOwn(speakers, speaker) ? speakers[speaker] : speaker;
}

/** Text as it is kept: on one line. */
export function onOneLine(text: string): string {
  return text.replace(/\s+/gu, ' ').trim();
}

/** Gives segments other texts. @returns the same document when nothing is different */
export function withTexts(doc: Doc, texts: ReadonlyMap<number, string>): Doc {
  let isChanged = false;
  const segments = doc.segments.map((segment) => {
    const text = texts.get(segment.index);
    if (text === undefined || onOneLine(text) === segment.text) return segment;
    isChanged = true;
    return { ...segment, text: onOneLine(text), words: wordsAfter(segment, onOneLine(text)) };
  });
  return isChanged ? { ...doc, segments } : doc;
}

/**
 * Where a caret in a text as it is typed stands in that text as it is kept.
 * @returns undefined at both ends, where there is nothing to cut
 */
export function placeToCut(typed: string, caret: number): number | undefined {
  const before = onOneLine(typed.slice(0, caret));
  return before === '' || onOneLine(typed.slice(caret)) === '' ? undefined : before.length;
}

/** Cuts a segment in two at a place in its text. The words keep their times, and tell when the parts end and begin. */
export function withCut(doc: Doc, index: number, at: number): Doc {
  const segment = doc.segments[index];
  if (!segment || placeToCut(segment.text, at) === undefined) return doc;
  const { text, startMs, endMs } = segment;
  const [before, behind] = wordsAround(segment, at);
  const middle = Math.round(startMs + ((endMs - startMs) * at) / text.length);
  const isTimed = segment.words.length > 0;
  return renumbered(doc, index, 1, [
    {
      ...segment,
      text: onOneLine(text.slice(0, at)),
      endMs: before.at(-1)?.endMs ?? middle,
      words: isTimed ? before : [],
    },
    {
      ...segment,
      text: onOneLine(text.slice(at)),
      startMs: behind[0]?.startMs ?? middle,
      words: isTimed ? behind : [],
    },
  ]);
}

/** Joins a segment with the one before it, whose speaker it gets. */
export function withJoin(doc: Doc, index: number): Doc {
  const [before, segment] = [doc.segments[index - 1], doc.segments[index]];
  if (!before || !segment) return doc;
  const isTimed = before.words.length + segment.words.length > 0;
  return renumbered(doc, index - 1, 2, [
    {
      ...before,
      text: onOneLine(`${before.text} ${segment.text}`),
      endMs: Math.max(before.endMs, segment.endMs),
      words: isTimed ? [...bareWordsOf(before), ...bareWordsOf(segment)] : [],
      to: segment.to,
    },
  ]);
}

function renumbered(doc: Doc, at: number, count: number, instead: readonly DocSegment[]): Doc {
  const segments = doc.segments.toSpliced(at, count, ...instead);
  return {
    ...doc,
    segments: segments.map((segment, index) => (segment.index === index ? segment : { ...segment, index })),
  };
}

/** Whether the segments of a document are others than those of the version that was changed. */
export function isReshaped({ segments, isWhole }: Doc): boolean {
  return (
    isWhole === true || segments.some(({ index, from, to, text }) => from !== index || to !== index || text === '')
  );
}

/** The document as the version that it was saved as. */
export function asSaved({ segments, speakers }: Doc): Doc {
  const there = segments.filter(({ text }) => text !== '');
  return { speakers, segments: there.map((segment, at) => ({ ...segment, ...placed(at) })) };
}

/** Has somebody else speak in some segments. An empty name: nobody in particular. */
export function withSpeaker(doc: Doc, indexes: ReadonlySet<number>, name: string): Doc {
  const { key, speakers } = keyFor(doc, name.trim());
  const segments = doc.segments.map((segment) => {
    if (!indexes.has(segment.index) || segment.speaker === key) return segment;
    const { speaker: _, ...rest } = segment;
    return key === undefined ? rest : { ...rest, speaker: key };
  });
  return { ...doc, segments, speakers };
}

/** Names a speaker otherwise, wherever they speak. */
export function withNameFor(doc: Doc, speaker: string, name: string): Doc {
  const theirs = new Set(doc.segments.filter((segment) => segment.speaker === speaker).map(({ index }) => index));
  const known = keyFor(doc, name.trim()).key;
  const isTaken = known !== undefined && known !== speaker && doc.segments.some((one) => one.speaker === known);
  // Two who get one name are one from then on.
  if (name.trim() === '' || isTaken) return withSpeaker(doc, theirs, name);
  return { ...doc, speakers: { ...doc.speakers, [speaker]: name.trim() } };
}

function keyFor(doc: Doc, name: string): { key: string | undefined; speakers: Doc['speakers'] } {
  const { speakers } = doc;
  if (name === '') return { key: undefined, speakers };
  const key = speakersOf(doc).find((one) => nameOf(doc, one) === name);
  if (key !== undefined) return { key, speakers };
  let number = Object.keys(speakers).length + 1;
  while (Object.hasOwn(speakers, `speaker-${number}`)) number += 1;
  return { key: `speaker-${number}`, speakers: { ...speakers, [`speaker-${number}`]: name } };
}

/** The keys of all who speak or have a name. */
export function speakersOf({ segments, speakers }: Doc): string[] {
  const speaking = segments.flatMap(({ speaker }) => (speaker === undefined ? [] : [speaker]));
  return [...new Set([...speaking, ...Object.keys(speakers)])];
}

/** What is sent when the version `saved` was changed into `doc`. */
export function changesOf(saved: Doc, doc: Doc) {
  if (doc.isWhole) return wholeOf(doc);
  return {
    segments: doc.segments.map(({ from, to, text, speaker }) => ({
      index: from,
      ...(to === from ? {} : { last: to }),
      text,
      ...(speaker === saved.segments[from]?.speaker ? {} : { speaker: speaker ?? null }),
    })),
    ...(doc.speakers === saved.speakers ? {} : { speakers: doc.speakers }),
  };
}

/** The whole of a document, with its times: it can go on top of whatever version there is. */
export function wholeOf({ segments, speakers }: Doc) {
  const there = segments.filter(({ text }) => text !== '');
  return {
    segments: there.map(({ startMs, endMs, text, words, speaker }) => ({
      ...{ startMs, endMs, text, speaker: speaker ?? null },
      ...(words.length > 0 ? { words } : {}),
    })),
    speakers,
  };
}

/** The document with the times that the service gave, if it is the same text; else undefined. */
export function withTimesOf(doc: Doc, newer: Doc): Doc | undefined {
  const same =
    doc.segments.length === newer.segments.length &&
    doc.segments.every(({ text }, at) => text === newer.segments[at]!.text);
  if (!same) return undefined;
  return {
    ...doc,
    segments: doc.segments.map((segment, at) => {
      const { words, startMs, endMs } = newer.segments[at]!;
      return { ...segment, words, startMs, endMs };
    }),
  };
}
