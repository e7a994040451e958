import fc from 'fast-check';
import { expect, test } from 'vitest';
import { changedPassages } from '../../src/transcript/compare.ts';
import { editTranscript } from '../../src/transcript/edit.ts';
import type { Segment, Transcript } from '../../src/transcript/transcript.ts';

function segment(startMs: number, text: string): Segment {
  const words = text.split(' ').map((one, index) => ({
    ...{ text: one, startMs: startMs + index * 100, endMs: startMs + index * 100 + 90, confidence: 0.5 },
  }));
  return { startMs, endMs: words.at(-1)!.endMs, text, words };
}

function transcript(...texts: string[]): Transcript {
  const segments = texts.map((text, index) => segment(index * 10_000, text));
  return { version: 1, durationMs: 0, language: 'en', engine: 'whisper', model: 'base', segments, warnings: [] };
}

const BASE = transcript('the quick brown fox', 'jumps over', 'the lazy dog');

test('what is the same is not told', () => {
  expect(changedPassages(BASE, structuredClone(BASE))).toEqual([]);
});

test('a word that is another one is told with what stands around it', () => {
  const edited = editTranscript(BASE, [
    { index: 0, text: 'the quick brown cat' },
    { index: 1, text: 'jumps over', speaker: 'a' },
    { index: 2, text: 'the lazy dog' },
  ]);
  expect(changedPassages(BASE, edited)).toEqual([
    {
      ...{ startMs: 0, endMs: 390, from: [0], to: [0], speaker: null },
      runs: [
        { type: 'equal', text: 'the quick brown' },
        { type: 'delete', text: ' fox' },
        { type: 'insert', text: ' cat' },
      ],
    },
    {
      ...{ startMs: 10_000, endMs: 10_190, from: [1], to: [1], speaker: { from: null, to: 'a' } },
      runs: [{ type: 'equal', text: 'jumps over' }],
    },
  ]);
});

test('segments that were cut, taken out or put in are passages', () => {
  const edited = editTranscript(BASE, [
    { index: 0, text: 'the quick' },
    { index: 0, text: 'brown fox' },
    { startMs: 15_000, endMs: 16_000, text: 'well' },
    { index: 2, text: 'the lazy dog' },
  ]);
  expect(changedPassages(BASE, edited).map(({ from, to, runs }) => ({ from, to, runs }))).toEqual([
    { from: [0], to: [0, 1], runs: [{ type: 'equal', text: 'the quick brown fox' }] },
    { from: [1], to: [], runs: [{ type: 'delete', text: 'jumps over' }] },
    { from: [], to: [2], runs: [{ type: 'insert', text: 'well' }] },
  ]);
});

test('another engine cuts otherwise and hears otherwise: its text is what is equal or inserted', () => {
  const text = fc
    .array(fc.constantFrom('a', 'b', 'c', 'ab'), { minLength: 1, maxLength: 8 })
    .map((all) => all.join(' '));
  const version = fc.array(text, { maxLength: 6 }).map((texts) => transcript(...texts));
  fc.assert(
    fc.property(version, version, fc.nat(9_000), (from, to, shiftMs) => {
      const later = {
        ...to,
        segments: to.segments.map((one) => ({ ...one, startMs: one.startMs + shiftMs, endMs: one.endMs + shiftMs })),
      };
      const passages = changedPassages(from, later);
      for (const passage of passages) {
        const side = (type: string) =>
          passage.runs.flatMap((run) => (run.type === 'equal' || run.type === type ? [run.text.trim()] : [])).join(' ');
        expect(side('delete')).toBe(passage.from.map((index) => from.segments[index]!.text).join(' '));
        expect(side('insert')).toBe(passage.to.map((index) => later.segments[index]!.text).join(' '));
      }
      const told = new Set(passages.flatMap((passage) => passage.to));
      const kept = later.segments.filter((_, index) => !told.has(index)).map(({ text: said }) => said);
      expect(from.segments.map(({ text: said }) => said)).toEqual(expect.arrayContaining(kept));
    }),
  );
});
