import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type MergeChunk, mergeChunks } from '../../src/transcript/merge.ts';
import type { Word } from '../../src/transcript/transcript.ts';

const word = (text: string, startMs: number, endMs: number, confidence = 0.9): Word => ({
  text,
  startMs,
  endMs,
  confidence,
});
const texts = (words: readonly Word[]) => words.map(({ text }) => text);

/** Speech of up to a minute: words of 120 to 600 ms from a small vocabulary, so that words come again and again. */
const speech = fc
  .array(
    fc.record({
      text: fc.constantFrom('the', 'a', 'river', 'station', 'we', 'and', 'morning', 'of', 'was', 'old', 'train'),
      lengthMs: fc.integer({ min: 120, max: 600 }),
      pauseMs: fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 0, max: 80 }) }, fc.integer({ min: 100, max: 1500 })),
    }),
    { minLength: 1, maxLength: 80 },
  )
  .map((spoken) => {
    let atMs = 0;
    return spoken.map(({ text, lengthMs, pauseMs }) => {
      const startMs = atMs + pauseMs;
      atMs = startMs + lengthMs;
      return word(text, startMs, atMs);
    });
  });

/** Cut points anywhere, sorted, as parts of the whole length. */
const cuts = fc.array(fc.double({ min: 0.02, max: 0.98, noNaN: true }), { maxLength: 8 });

function ranges(words: Word[], parts: number[], overlapMs: number): { startMs: number; endMs: number }[] {
  const totalMs = words.at(-1)!.endMs;
  const edges = [0, ...parts.map((part) => Math.round(part * totalMs)).sort((a, b) => a - b), totalMs];
  return edges.slice(1).flatMap((endMs, index) => {
    const startMs = edges[index]!;
    if (endMs <= startMs) return [];
    return [{ startMs: index === 0 ? 0 : Math.max(0, startMs - overlapMs), endMs }];
  });
}

const middle = ({ startMs, endMs }: Word) => (startMs + endMs) / 2;
const shifted = (item: Word, byMs: number): Word => ({
  ...item,
  startMs: item.startMs + byMs,
  endMs: item.endMs + byMs,
});

function expectTimesInOrder(words: Word[], fromMs: number, toMs: number): void {
  let beforeMs = fromMs;
  for (const { startMs, endMs } of words) {
    expect(startMs).toBeGreaterThanOrEqual(beforeMs);
    expect(endMs).toBeGreaterThanOrEqual(startMs);
    beforeMs = endMs;
  }
  expect(beforeMs).toBeLessThanOrEqual(toMs);
}

describe('without overlap', () => {
  test('any chunking gives every word back, once, in order, at its place', () => {
    fc.assert(
      fc.property(speech, cuts, (words, parts) => {
        const chunks = ranges(words, parts, 0).map(({ startMs, endMs }) => ({
          startMs,
          endMs,
          words: words
            .filter((item) => middle(item) >= startMs && middle(item) < endMs)
            .map((item) => shifted(item, -startMs)),
        }));
        const merged = mergeChunks(chunks, { overlapMs: 0 });
        expect(texts(merged)).toEqual(texts(words));
        expectTimesInOrder(merged, 0, words.at(-1)!.endMs);
        for (const [index, item] of merged.entries()) {
          expect(item.startMs).toBeGreaterThanOrEqual(words[index]!.startMs);
          expect(item.endMs).toBeLessThanOrEqual(words[index]!.endMs);
        }
      }),
    );
  });

  test('whatever times an engine claims, no word is dropped and times are in order and inside', () => {
    const claimed = fc.record({
      text: fc.string(),
      startMs: fc.integer({ min: -5_000, max: 40_000 }),
      endMs: fc.integer({ min: -5_000, max: 40_000 }),
      confidence: fc.constant(0.5),
    });
    fc.assert(
      fc.property(fc.array(fc.array(claimed, { maxLength: 12 }), { maxLength: 6 }), (byChunk) => {
        const chunks = byChunk.map((words, index) => ({ startMs: index * 20_000, endMs: (index + 1) * 20_000, words }));
        const merged = mergeChunks(chunks, { overlapMs: 0 });
        expect(texts(merged)).toEqual(byChunk.flatMap(texts));
        expectTimesInOrder(merged, 0, byChunk.length * 20_000);
      }),
    );
  });

  test('ranges that meet by a rounding error cost no word', () => {
    const chunks: MergeChunk[] = [
      { startMs: 0, endMs: 1001, words: [word('so', 700, 1001)] },
      { startMs: 1000, endMs: 2000, words: [word('so', 0, 300)] },
    ];
    expect(texts(mergeChunks(chunks, { overlapMs: 0 }))).toEqual(['so', 'so']);
  });
});

describe('with overlap', () => {
  test('chunks that hear the same words at slightly different times, with broken words at their edges', () => {
    const jitters = fc.infiniteStream(fc.integer({ min: -60, max: 60 }));
    fc.assert(
      fc.property(speech, cuts, fc.integer({ min: 2_500, max: 5_000 }), jitters, (spoken, parts, overlapMs, jitter) => {
        const words = withoutEchoes(spoken);
        const all = ranges(words, parts, overlapMs);
        // An overlap in which both sides hear at least one word whole; what fewer seconds leave undecided has tests below.
        fc.pre(all.every((range, i) => i === 0 || words.some((w) => isIn(w, range.startMs, all[i - 1]!.endMs))));
        fc.pre(all.every((range, i) => i === 0 || range.endMs - all[i - 1]!.endMs > 0));
        fc.pre(all.every((range, i) => i < 2 || range.startMs >= all[i - 2]!.endMs));
        const chunks = all.map((range, index) => heard(words, range, jitter, index > 0, index < all.length - 1));
        const merged = mergeChunks(chunks, { overlapMs });
        expect(texts(merged)).toEqual(texts(words));
        expectTimesInOrder(merged, 0, words.at(-1)!.endMs + 1);
      }),
      { numRuns: 500 },
    );
  });

  test('a word is cut in half by both edges: each side knows its own half wrongly', () => {
    const chunks: MergeChunk[] = [
      { startMs: 0, endMs: 2_000, words: [word('we', 900, 1100), word('made', 1200, 1500), word('cough', 1700, 2000)] },
      {
        startMs: 1_000,
        endMs: 3_000,
        words: [word('he', 0, 90), word('made', 210, 510), word('coffee', 700, 1150), word('for', 1200, 1400)],
      },
    ];
    expect(texts(mergeChunks(chunks, { overlapMs: 1000 }))).toEqual(['we', 'made', 'coffee', 'for']);
  });

  test('case and punctuation do not hide that a word is the same', () => {
    const chunks: MergeChunk[] = [
      { startMs: 0, endMs: 2_000, words: [word('Yes,', 1200, 1600)] },
      { startMs: 1_000, endMs: 3_000, words: [word('yes', 220, 580), word('indeed', 900, 1400)] },
    ];
    expect(texts(mergeChunks(chunks, { overlapMs: 1000 }))).toEqual(['Yes,', 'indeed']);
  });

  test('a word said twice stays said twice', () => {
    const left = [word('no', 1100, 1300), word('no', 1500, 1700)];
    const right = [word('no', 90, 310), word('no', 510, 690), word('never', 1200, 1500)];
    const chunks: MergeChunk[] = [
      { startMs: 0, endMs: 2_000, words: left },
      { startMs: 1_000, endMs: 3_000, words: right },
    ];
    expect(texts(mergeChunks(chunks, { overlapMs: 1000 }))).toEqual(['no', 'no', 'never']);
  });

  test('when nothing matches the seam is the middle', () => {
    const chunks: MergeChunk[] = [
      { startMs: 0, endMs: 2_000, words: [word('alpha', 1100, 1300), word('beta', 1600, 1900)] },
      { startMs: 1_000, endMs: 3_000, words: [word('gamma', 100, 400), word('delta', 650, 950)] },
    ];
    expect(texts(mergeChunks(chunks, { overlapMs: 1000 }))).toEqual(['alpha', 'delta']);
  });

  test('a word that one side alone heard is kept wherever it stands', () => {
    const late = mergeChunks(
      [
        { startMs: 0, endMs: 2_000, words: [word('late', 1700, 1950)] },
        { startMs: 1_000, endMs: 3_000, words: [word('after', 1200, 1500)] },
      ],
      { overlapMs: 1000 },
    );
    const early = mergeChunks(
      [
        { startMs: 0, endMs: 2_000, words: [word('before', 300, 700)] },
        { startMs: 1_000, endMs: 3_000, words: [word('early', 50, 300)] },
      ],
      { overlapMs: 1000 },
    );
    expect([texts(late), texts(early)]).toEqual([
      ['late', 'after'],
      ['before', 'early'],
    ]);
  });

  test('two readings of one word around the middle give one word, not none and not two', () => {
    const chunks: MergeChunk[] = [
      { startMs: 0, endMs: 2_000, words: [word('write', 1380, 1700)] },
      { startMs: 1_000, endMs: 3_000, words: [word('right', 300, 640)] },
    ];
    expect(texts(mergeChunks(chunks, { overlapMs: 1000 }))).toEqual(['write']);
  });

  test('a chunk without speech beside one with speech', () => {
    const chunks: MergeChunk[] = [
      { startMs: 0, endMs: 2_000, words: [word('end', 1700, 1950)] },
      { startMs: 1_000, endMs: 3_000, words: [] },
    ];
    expect(texts(mergeChunks(chunks, { overlapMs: 1000 }))).toEqual(['end']);
  });
});

test('no chunks, no words', () => {
  expect(mergeChunks([], { overlapMs: 0 })).toEqual([]);
  expect(mergeChunks([{ startMs: 0, endMs: 10, words: [] }], { overlapMs: 500 })).toEqual([]);
});

const isIn = (item: Word, startMs: number, endMs: number) => item.startMs >= startMs && item.endMs <= endMs;

/** The same word again within a second is beyond what text and time can tell apart; a test above has the clear case. */
function withoutEchoes(words: Word[]): Word[] {
  return words.map((item, index) => {
    const near = words.slice(Math.max(0, index - 8), index).some((other) => other.text === item.text);
    return near ? { ...item, text: `${item.text}${index}` } : item;
  });
}

/** What an engine hears of a range: whole words a little displaced, and of a word cut by an edge something else. */
function heard(
  words: Word[],
  { startMs, endMs }: { startMs: number; endMs: number },
  jitter: Iterator<number>,
  weakStart: boolean,
  weakEnd: boolean,
): MergeChunk {
  const inside = words.flatMap((item) => {
    const fromMs = Math.max(item.startMs, startMs);
    const toMs = Math.min(item.endMs, endMs);
    if (toMs - fromMs <= 0) return [];
    const whole = isIn(item, startMs, endMs);
    if (!whole && ((weakStart && item.startMs < startMs) || (weakEnd && item.endMs > endMs))) {
      return toMs - fromMs > 60 ? [word(`half-of-${item.text}`, fromMs - startMs, toMs - startMs)] : [];
    }
    const byMs = jitter.next().value as number;
    return [{ ...shifted(item, byMs), startMs: item.startMs + byMs - startMs, endMs: item.endMs + byMs - startMs }];
  });
  return { startMs, endMs, words: inside };
}
