import { expect, test } from 'vitest';
import {
  changesOf,
  type Doc,
  docOf,
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
