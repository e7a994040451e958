/** A transcript as a person has changed it. */
import { UsageError } from '../domain/errors.ts';
import { alignWords, onOneLine } from './align.ts';
import { joinWords } from './segments.ts';
import type { Segment, Transcript, Word } from './transcript.ts';

/**
 * The new text of a segment. Several for one segment cut it; one for several (`index` to `last`) joins them; a segment that
 * none is for, or whose text is empty, goes.
 */
export interface TextEdit {
  /** The segment of the transcript that was changed, counted from 0. */
  index: number;
  /** The last one of several. */
  last?: number | undefined;
  text: string;
  /** Who speaks; null: nobody in particular; nothing: as before. */
  speaker?: string | null | undefined;
}

/** A segment with its time, whatever stood there before. */
export interface TimedEdit {
  /** Milliseconds from the start of the recording. */
  startMs: number;
  endMs: number;
  text: string;
  /** Together they are the text. Without them the time of each is estimated. */
  words?: readonly Word[] | undefined;
  speaker?: string | null | undefined;
}

export type SegmentEdit = TextEdit | TimedEdit;

/**
 * The transcript that edits make of another one. Words that are unchanged keep their times and their confidence.
 * @param edits all segments that there shall be, in order
 * @param speakers names by the keys of speakers; nothing: as before
 * @throws UsageError when segments are named that there are not, or times go backwards
 */
export function editTranscript(
  base: Transcript,
  edits: readonly SegmentEdit[],
  speakers: Readonly<Record<string, string>> | undefined = base.speakers,
): Transcript {
  const segments: Segment[] = [];
  for (let index = 0; index < edits.length; ) {
    const edit = edits[index]!;
    if ('startMs' in edit) {
      segments.push(...timed(edit, index));
      index += 1;
      continue;
    }
    const group = groupFrom(edits, index, base.segments.length);
    segments.push(...textChanged(base, group));
    index += group.edits.length;
  }
  requireOrder(segments);
  const { speakers: _, ...rest } = base;
  const names = Object.entries(speakers ?? {});
  return { ...rest, segments, ...(names.length > 0 ? { speakers: Object.fromEntries(names) } : {}) };
}

/** Edits that have segments in common, and those segments. */
interface Group {
  edits: TextEdit[];
  first: number;
  last: number;
}

function groupFrom(all: readonly SegmentEdit[], start: number, segments: number): Group {
  const edits: TextEdit[] = [];
  const { index: first } = all[start] as TextEdit;
  let [last, begun] = [first, first];
  for (let at = start; at < all.length; at += 1) {
    const edit = all[at]!;
    if ('startMs' in edit) break;
    const { index, last: to = index } = edit;
    if (edits.length > 0 && index > last) break;
    if (to < index || to >= segments || index < begun || to < last) throw wrongOrder(at, segments);
    edits.push(edit);
    [last, begun] = [to, index];
  }
  return { edits, first, last };
}

function wrongOrder(at: number, segments: number): UsageError {
  return new UsageError(
    `Segment ${at} of the edit names segments that are not there, or that come before those of the one in front of it.`,
    `The transcript has the segments 0 to ${segments - 1}; name them in their order.`,
  );
}

function textChanged(base: Transcript, { edits, first, last }: Group): Segment[] {
  const before = base.segments.slice(first, last + 1);
  const [edit] = edits;
  const [segment] = before;
  if (
    edit &&
    segment &&
    edits.length === 1 &&
    before.length === 1 &&
    onOneLine(edit.text) === onOneLine(segment.text)
  ) {
    return onOneLine(segment.text) === '' ? [] : [withSpeaker(segment, edit.speaker, segment.speaker)];
  }
  const texts = edits.map(({ text }) => onOneLine(text));
  const said = edits.filter((_, index) => texts[index] !== '');
  const lines = texts.filter((text) => text !== '');
  if (lines.length === 0) return [];
  const span = { startMs: before[0]!.startMs, endMs: before.at(-1)!.endMs };
  const words = before.flatMap((one) => one.words);
  const lists = words.length > 0 ? alignWords(words, lines, span) : lines.map(() => []);
  const times = timesOf(lists, lines, span);
  return lines.map((text, index) => {
    const { index: from, speaker } = said[index]!;
    return withSpeaker({ ...times[index]!, text, words: lists[index]! }, speaker, base.segments[from]?.speaker);
  });
}

/** The first begins and the last ends as what was there; between them the words tell, or the lengths of the texts. */
function timesOf(lists: Word[][], lines: string[], { startMs, endMs }: { startMs: number; endMs: number }) {
  const total = lines.reduce((sum, line) => sum + line.length, 0);
  let characters = 0;
  return lists.map((words, index) => {
    const share = (count: number) => Math.round(startMs + ((endMs - startMs) * count) / total);
    const begins = words[0]?.startMs ?? share(characters);
    characters += lines[index]!.length;
    const ends = words.at(-1)?.endMs ?? share(characters);
    return { startMs: index === 0 ? startMs : begins, endMs: index === lists.length - 1 ? endMs : ends };
  });
}

function timed({ startMs, endMs, text, words, speaker }: TimedEdit, at: number): Segment[] {
  const line = onOneLine(text);
  if (line === '') return [];
  if (endMs < startMs) throw new UsageError(`Segment ${at} of the edit ends before it begins.`);
  const told = words && words.length > 0 ? [...words] : alignWords([], [line], { startMs, endMs })[0]!;
  if (onOneLine(joinWords(told)) !== line) {
    throw new UsageError(
      `The words of segment ${at} of the edit are not its text.`,
      'Leave the words out, or the text as they are.',
    );
  }
  let beforeMs = startMs;
  for (const word of told) {
    if (word.startMs < beforeMs || word.endMs < word.startMs || word.endMs > endMs) {
      throw new UsageError(`The times of the words of segment ${at} of the edit go backwards, or leave the segment.`);
    }
    beforeMs = word.endMs;
  }
  return [withSpeaker({ startMs, endMs, text: line, words: told }, speaker, undefined)];
}

function withSpeaker(segment: Segment, wanted: string | null | undefined, before: string | undefined): Segment {
  const speaker = wanted === undefined ? before : (wanted ?? undefined);
  const { speaker: _, ...rest } = segment;
  return speaker === undefined ? rest : { ...rest, speaker };
}

function requireOrder(segments: readonly Segment[]): void {
  for (const [index, segment] of segments.entries()) {
    const before = segments[index - 1];
    if (before && segment.startMs < before.startMs) {
      throw new UsageError(
        `Segment ${index} would begin before the one in front of it.`,
        'Give the segments in the order of their times.',
      );
    }
  }
}
