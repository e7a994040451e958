/** A transcript while it is changed: never in place, so that each state can be gone back to. */
import type { Segment, Transcript } from '../../api-types.ts';
import { wordsAfter } from './word-places.ts';

/** A segment with the index that it has in the version that is changed. */
export type DocSegment = Segment & { index: number };

export interface Doc {
  /** As many as the version has, in its order; a text that was emptied goes when it is saved. */
  segments: readonly DocSegment[];
  /** Names by the keys that segments have. */
  speakers: Readonly<Record<string, string>>;
}

export function docOf({ segments, speakers = {} }: Transcript): Doc {
  return { segments: segments.map((segment, index) => ({ ...segment, index })), speakers };
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

/** Has somebody else speak in some segments. An empty name: nobody in particular. */
export function withSpeaker(doc: Doc, indexes: ReadonlySet<number>, name: string): Doc {
  const { key, speakers } = keyFor(doc, name.trim());
  const segments = doc.segments.map((segment) => {
    if (!indexes.has(segment.index) || segment.speaker === key) return segment;
    const { speaker: _, ...rest } = segment;
    return key === undefined ? rest : { ...rest, speaker: key };
  });
  return { segments, speakers };
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
  return {
    segments: doc.segments.map(({ index, text, speaker }, at) => ({
      index,
      text,
      ...(speaker === saved.segments[at]?.speaker ? {} : { speaker: speaker ?? null }),
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
