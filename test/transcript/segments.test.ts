import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { joinWords, segmentWords } from '../../src/transcript/segments.ts';
import type { Word } from '../../src/transcript/transcript.ts';

/** Words of 300 ms, 100 ms apart; a number before a word is the pause in front of it, in milliseconds. */
function spoken(...parts: (string | number)[]): Word[] {
  let atMs = 0;
  const words: Word[] = [];
  for (const part of parts) {
    if (typeof part === 'number') {
      atMs += part - 100;
      continue;
    }
    for (const text of part.split(' ')) {
      words.push({ text, startMs: atMs, endMs: atMs + 300, confidence: 0.9 });
      atMs += 400;
    }
  }
  return words;
}

const textsOf = (words: Word[]) => segmentWords(words).map(({ text }) => text);

describe('where a segment ends', () => {
  test('at the end of a sentence, quoted ones too', () => {
    expect(textsOf(spoken('It is late. "Come home!" he said.'))).toEqual(['It is late.', '"Come home!"', 'he said.']);
    expect(textsOf(spoken('今日は。 はい。'))).toEqual(['今日は。', 'はい。']);
  });

  test('not after a title or an initial', () => {
    expect(textsOf(spoken('Mr. Smith met J. F. Kennedy.'))).toEqual(['Mr. Smith met J. F. Kennedy.']);
  });

  test('at a pause', () => {
    expect(textsOf(spoken('one two', 599, 'three', 600, 'four'))).toEqual(['one two three', 'four']);
  });

  test('at a comma near the middle when the sentence is too long for a subtitle', () => {
    const long = 'when the winter came and the river froze, the people of the town walked over the ice to the old mill';
    expect(textsOf(spoken(long))).toEqual([
      'when the winter came and the river froze,',
      'the people of the town walked over the ice to the old mill',
    ]);
  });

  test('one word that is too long for a subtitle stands alone', () => {
    const long = 'a'.repeat(200);
    expect(textsOf(spoken(`so ${long} it is`))).toEqual(['so', long, 'it is']);
  });
});

test('words that join the one before them get no space', () => {
  const thai: Word[] = ['สวัสดี', 'ครับ'].map((text, index) => ({
    text,
    startMs: index * 400,
    endMs: index * 400 + 300,
    confidence: 0.9,
    joinsPrevious: true,
  }));
  expect(joinWords(thai)).toBe('สวัสดีครับ');
  expect(joinWords(spoken('good morning'))).toBe('good morning');
  expect(joinWords([])).toBe('');
});

test('no words, no segments', () => {
  expect(segmentWords([])).toEqual([]);
});

test('every word is in exactly one segment, in order, and no segment with a choice is over the limits', () => {
  const words = fc
    .array(
      fc.record({
        text: fc.stringMatching(/^[a-zà-öก-ฮ]{1,14}[,.?!]?$/),
        lengthMs: fc.integer({ min: 0, max: 1500 }),
        pauseMs: fc.integer({ min: 0, max: 900 }),
        joinsPrevious: fc.boolean(),
      }),
      { maxLength: 120 },
    )
    .map((parts) => {
      let atMs = 0;
      return parts.map(({ text, lengthMs, pauseMs, joinsPrevious }): Word => {
        const startMs = atMs + pauseMs;
        atMs = startMs + lengthMs;
        return { text, startMs, endMs: atMs, confidence: 0.5, joinsPrevious };
      });
    });
  fc.assert(
    fc.property(words, (said) => {
      const segments = segmentWords(said);
      expect(segments.flatMap((segment) => segment.words)).toEqual(said);
      for (const segment of segments) {
        expect(segment.text).toBe(joinWords(segment.words));
        expect([segment.startMs, segment.endMs]).toEqual([segment.words[0]!.startMs, segment.words.at(-1)!.endMs]);
        if (segment.words.length === 1) continue;
        expect(segment.text.length).toBeLessThanOrEqual(84);
        expect(segment.endMs - segment.startMs).toBeLessThanOrEqual(7_000);
      }
    }),
  );
});
