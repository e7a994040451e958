import { expect, test } from 'vitest';
import { editTranscript } from '../../src/transcript/edit.ts';
import {
  asSaved,
  changesOf,
  type Doc,
  docOf,
  withCut,
  withJoin,
  withNameFor,
  withSpeaker,
  withTexts,
} from '../../web/pages/transcript/document.ts';
import { findAll, replaceIn } from '../../web/pages/transcript/find.ts';
import { paragraphsOf } from '../../web/pages/transcript/paragraphs.ts';
import { Timeline } from '../../web/pages/transcript/timeline.ts';
import { wordsAfter, wordsOf } from '../../web/pages/transcript/word-places.ts';

/** A word each 100 ms. */
function docWith(...texts: string[]): Doc {
  let at = 0;
  const segments = texts.map((text) => {
    const words = text.split(' ').map((word) => {
      const startMs = at;
      at += 100;
      return { text: word, startMs, endMs: at, confidence: 0.9 };
    });
    return { startMs: words[0]!.startMs, endMs: at, text, words };
  });
  const about = { durationMs: at, language: 'en', engine: 'pocketsphinx', model: 'en-us', warnings: [] };
  return docOf({ version: 1, ...about, segments });
}

test('words around what was changed keep their times, and new ones share what is left', () => {
  const { segments } = docWith('one two three four');
  const words = wordsAfter(segments[0]!, 'one twenty and three four');
  expect(words.map(({ text, startMs, endMs }) => [text, startMs, endMs])).toEqual([
    ['one', 0, 100],
    ['twenty', 100, 167],
    ['and', 167, 200],
    ['three', 200, 300],
    ['four', 300, 400],
  ]);
  expect(words.map(({ confidence }) => confidence)).toEqual([0.9, 1, 1, 0.9, 0.9]);
});

test.each(['', 'one', 'x one two', 'one two three four five', 'one, two three four', 'four three', 'onetwo'])(
  'the words of "%s" are its text, in the order of time',
  (text) => {
    const { segments } = docWith('one two three four');
    const words = wordsAfter(segments[0]!, text);
    expect(words.map((word) => (word.joinsPrevious ? word.text : ` ${word.text}`)).join('')).toBe(text && ` ${text}`);
    const times = words.flatMap(({ startMs, endMs }) => [startMs, endMs]);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    const placed = wordsOf({ startMs: 0, endMs: 400, text, words });
    expect(placed.map(({ start, end }) => text.slice(start, end))).toEqual(words.map((word) => word.text));
  },
);

test('whole words and case are told apart, and what was found is replaced as it was typed', () => {
  const doc = docWith('The other the theory', 'a the.');
  const wish = { text: 'the', matchCase: false, wholeWord: true };
  expect(findAll(doc.segments, wish)).toHaveLength(3);
  expect(findAll(doc.segments, { ...wish, matchCase: true })).toHaveLength(2);
  expect(findAll(doc.segments, { ...wish, wholeWord: false })).toHaveLength(5);
  const found = findAll(doc.segments, { ...wish, text: '.', wholeWord: false });
  expect(replaceIn(doc, found, '$&!').segments[1]!.text).toBe('a the$&!');
});

test('only what was changed is another object, and who speaks is sent only where it changed', () => {
  const doc = docWith('one', 'two', 'three');
  const changed = withTexts(doc, new Map([[1, ' deux ']]));
  expect(changed.segments[0]).toBe(doc.segments[0]);
  expect(withTexts(doc, new Map([[1, 'two']]))).toBe(doc);
  const named = withSpeaker(changed, new Set([2]), 'Ann');
  expect(changesOf(doc, named)).toEqual({
    segments: [
      { index: 0, text: 'one' },
      { index: 1, text: 'deux' },
      { index: 2, text: 'three', speaker: 'speaker-1' },
    ],
    speakers: { 'speaker-1': 'Ann' },
  });
  const both = withSpeaker(named, new Set([0]), 'Ben');
  expect(withNameFor(both, 'speaker-2', 'Ann').segments.map(({ speaker }) => speaker)).toEqual([
    'speaker-1',
    undefined,
    'speaker-1',
  ]);
});

test('a segment is cut between its words and in one of them, and joined again; words keep their times', () => {
  const doc = withSpeaker(docWith('one two three', 'four'), new Set([0]), 'Ann');
  const timesOf = ({ segments }: Doc) =>
    segments.map(({ text, startMs, endMs, words, speaker }) => [
      ...[text, startMs, endMs, speaker ?? ''],
      words.map((word) => `${word.text} ${word.startMs}-${word.endMs}`).join(),
    ]);
  const between = withCut(doc, 0, 'one two'.length);
  expect(timesOf(between)).toEqual([
    ['one two', 0, 200, 'speaker-1', 'one 0-100,two 100-200'],
    ['three', 200, 300, 'speaker-1', 'three 200-300'],
    ['four', 300, 400, '', 'four 300-400'],
  ]);
  expect(between.segments.map(({ index }) => index)).toEqual([0, 1, 2]);
  const within = withCut(doc, 0, 'one t'.length);
  expect(timesOf(within).slice(0, 2)).toEqual([
    ['one t', 0, 133, 'speaker-1', 'one 0-100,t 100-133'],
    ['wo three', 133, 300, 'speaker-1', 'wo 133-200,three 200-300'],
  ]);
  for (const at of [0, 'one two three'.length]) expect(withCut(doc, 0, at)).toBe(doc);
  expect(timesOf(withJoin(between, 1))).toEqual(timesOf(doc));
  expect(timesOf(withJoin(between, 2))[1]).toEqual(['three four', 200, 400, 'speaker-1', 'three 200-300,four 300-400']);
  expect(withJoin(doc, 0)).toBe(doc);
  // Thai has no spaces between words, and an import knows of no words at all.
  const words = ['สวัส', 'ดี'].map((text, at) => ({ text, startMs: at * 10, endMs: at * 10 + 10, confidence: 1 }));
  const thai = { ...words[1]!, joinsPrevious: true as const };
  const about = { durationMs: 20, language: 'th', engine: 'x', model: 'y', warnings: [], version: 1 as const };
  const greeting = docOf({ ...about, segments: [{ startMs: 0, endMs: 20, text: 'สวัสดี', words: [words[0]!, thai] }] });
  expect(withCut(greeting, 0, 4).segments[1]).toMatchObject({ text: 'ดี', startMs: 10, words: [words[1]] });
  const imported = docOf({ ...about, segments: [{ startMs: 0, endMs: 80, text: 'ab cd', words: [] }] });
  expect(withCut(imported, 0, 2).segments).toMatchObject([
    { text: 'ab', startMs: 0, endMs: 40, words: [] },
    { text: 'cd', startMs: 40, endMs: 80, words: [] },
  ]);
});

test('what was cut and joined is sent as what it was made of, and the service makes the same of it', () => {
  const doc = withSpeaker(docWith('one two', 'three four', 'five'), new Set([1]), 'Ann');
  // The end of the first goes to the second.
  const changed = withTexts(withJoin(withCut(doc, 0, 3), 2), new Map([[2, 'six']]));
  const sent = changesOf(doc, changed);
  expect(sent).toEqual({
    segments: [
      { index: 0, text: 'one' },
      { index: 0, last: 1, text: 'two three four' },
      { index: 2, text: 'six' },
    ],
  });
  const base = { version: 1 as const, durationMs: 500, language: 'en', engine: 'x', model: 'y', warnings: [] };
  const transcript = { ...base, segments: doc.segments.map(({ index: _i, from: _f, to: _t, ...segment }) => segment) };
  const made = docOf(editTranscript(transcript, sent.segments, doc.speakers));
  expect(made.segments.slice(0, 2)).toEqual(asSaved(changed).segments.slice(0, 2));
  expect(made.segments[2]).toMatchObject({ text: 'six', startMs: 400, endMs: 500 });
});

test('a state from before a cut was saved is saved as a whole', () => {
  const doc = docWith('one two', 'three');
  const whole = changesOf(withCut(doc, 0, 3), { ...doc, isWhole: true });
  expect(whole.segments).toMatchObject([
    { startMs: 0, endMs: 200, text: 'one two', words: doc.segments[0]!.words },
    { startMs: 200, endMs: 300, text: 'three' },
  ]);
  expect(whole.segments[0]).not.toHaveProperty('index');
});

test('the word of a time is the last that has begun', () => {
  const timeline = new Timeline(docWith('one two', 'three').segments);
  expect([-1, 0, 99, 100, 250, 9_000].map((ms) => timeline.at(ms))).toEqual([-1, 0, 0, 1, 2, 2]);
  expect(timeline.word(2)).toMatchObject({ index: 1, start: 0, end: 5 });
});

test('somebody else begins a paragraph, and what is unchanged stays the same paragraph', () => {
  const doc = docWith('one', 'two', 'three');
  const named = withSpeaker(doc, new Set([1, 2]), 'Ann');
  const paragraphs = paragraphsOf(named.segments);
  expect(paragraphs.map(({ index }) => index)).toEqual([0, 1]);
  const next = paragraphsOf(withTexts(named, new Map([[2, 'trois']])).segments, paragraphs);
  expect(next.map((paragraph, at) => paragraph === paragraphs[at])).toEqual([true, false]);
});
