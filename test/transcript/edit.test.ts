import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/domain/errors.ts';
import { onOneLine } from '../../src/transcript/align.ts';
import { editTranscript, type SegmentEdit } from '../../src/transcript/edit.ts';
import { joinWords } from '../../src/transcript/segments.ts';
import { type Segment, speakerOf, type Transcript, type Word } from '../../src/transcript/transcript.ts';

/** Each word 400 ms, and a breath of 100 ms behind it. `+` in front of a word: it joins the one before it. */
function segment(startMs: number, text: string): Segment {
  const words = text.split(' ').map((marked, index): Word => {
    const joins = marked.startsWith('+');
    const at = startMs + index * 500;
    const word = { text: joins ? marked.slice(1) : marked, startMs: at, endMs: at + 400, confidence: 0.5 };
    return joins ? { ...word, joinsPrevious: true } : word;
  });
  return { startMs, endMs: words.at(-1)!.endMs, text: joinWords(words), words };
}

function transcript(...segments: Segment[]): Transcript {
  const durationMs = segments.at(-1)?.endMs ?? 0;
  return { version: 1, durationMs, language: 'en', engine: 'whisper', model: 'base', segments, warnings: [] };
}

const INTERVIEW = transcript(
  segment(0, 'the quick brown fox'),
  segment(3_000, 'jumps over'),
  segment(5_000, 'the dog'),
);

/** `text@start-end`, with `!` where a person wrote it. */
function shownWords({ words }: Segment): string {
  return words
    .map(
      ({ text, startMs, endMs, edited, joinsPrevious }) =>
        `${joinsPrevious ? '+' : ''}${text}${edited ? '!' : ''}@${startMs}-${endMs}`,
    )
    .join(' ');
}

function edited(base: Transcript, ...edits: SegmentEdit[]): string[] {
  return editTranscript(base, edits).segments.map(shownWords);
}

test('what is sent as it was stays as it was, word for word', () => {
  const edits = INTERVIEW.segments.map(({ text }, index) => ({ index, text }));
  expect(editTranscript(INTERVIEW, edits)).toEqual(INTERVIEW);
});

test.each<[string, string, string]>([
  [
    'a word spelt otherwise has its time',
    'the quick brown cat',
    'the@0-400 quick@500-900 brown@1000-1400 cat!@1500-1900',
  ],
  [
    'one put in has the pause',
    'the very quick brown fox',
    'the@0-400 very!@400-500 quick@500-900 brown@1000-1400 fox@1500-1900',
  ],
  ['one taken out leaves the others where they are', 'the brown fox', 'the@0-400 brown@1000-1400 fox@1500-1900'],
  [
    'two for one share its time',
    'the qu ick brown fox',
    'the@0-400 qu!@500-660 ick!@660-900 brown@1000-1400 fox@1500-1900',
  ],
  ['one for two has the time of both', 'the quickbrown fox', 'the@0-400 quickbrown!@500-1400 fox@1500-1900'],
  [
    'a comma makes another word of it',
    'the quick, brown fox',
    'the@0-400 quick,!@500-900 brown@1000-1400 fox@1500-1900',
  ],
  [
    'at the end there may be no time left',
    'the quick brown fox ran',
    'the@0-400 quick@500-900 brown@1000-1400 fox@1500-1900 ran!@1900-1900',
  ],
  ['nothing of it is left', 'ok', 'ok!@0-1900'],
])('%s', (_, text, words) => {
  const result = editTranscript(INTERVIEW, [{ index: 0, text: ` ${text}\n` }]);
  expect(result.segments.map(shownWords)).toEqual([words]);
  expect(result.segments[0]).toMatchObject({ startMs: 0, endMs: 1_900, text });
});

test('what a person wrote is sure, what an engine heard stays as sure as it was', () => {
  const [{ words } = segment(0, 'x')] = editTranscript(INTERVIEW, [{ index: 1, text: 'jumped over' }]).segments;
  expect(words.map(({ confidence }) => confidence)).toEqual([1, 0.5]);
});

describe('Thai, which has no spaces', () => {
  const thai = transcript(segment(0, 'สวัสดี +ครับ +ผม +ชื่อ +สมชาย'));

  test('a word that is changed is found between those that are not', () => {
    expect(edited(thai, { index: 0, text: 'สวัสดีค่ะผมชื่อสมชาย' })).toEqual([
      'สวัสดี@0-400 +ค่ะ!@500-900 +ผม@1000-1400 +ชื่อ@1500-1900 +สมชาย@2000-2400',
    ]);
  });

  test('words put in are cut where words end', () => {
    const [words] = edited(thai, { index: 0, text: 'สวัสดีครับผมชื่อสมชายและเป็นครู' });
    expect(words).toMatch(/^สวัสดี@0-400 \+ครับ@500-900 \+ผม@1000-1400 \+ชื่อ@1500-1900 \+สมชาย@2000-2400 \+และ!@/);
  });

  test('a mark more makes another character', () => {
    const [{ words } = segment(0, 'x')] = editTranscript(thai, [{ index: 0, text: 'สวัสดี้ครับผมชื่อสมชาย' }]).segments;
    expect(words[0]).toMatchObject({ text: 'สวัสดี้', startMs: 0, endMs: 400, edited: true });
    expect(words.slice(1).every((word) => word.edited === undefined)).toBe(true);
  });

  test('a segment that is cut says of its parts that no space is between them', () => {
    const cut = [
      { index: 0, text: 'สวัสดีครับ' },
      { index: 0, text: 'ผมชื่อสมชาย' },
    ];
    expect(edited(thai, ...cut)).toEqual(['สวัสดี@0-400 +ครับ@500-900', '+ผม@1000-1400 +ชื่อ@1500-1900 +สมชาย@2000-2400']);
  });
});

test('words that an engine gave without a space between them stay two', () => {
  const base = transcript(segment(0, 'in New +-York today'));
  expect(edited(base, { index: 0, text: 'in New-York now' })).toEqual([
    'in@0-400 New@500-900 +-York@1000-1400 now!@1500-1900',
  ]);
  expect(edited(base, { index: 0, text: 'in New-Yorks today' })).toEqual([
    'in@0-400 New-Yorks!@500-1400 today@1500-1900',
  ]);
});

test('segments are cut, joined, and taken out', () => {
  const cut = editTranscript(INTERVIEW, [
    { index: 0, text: 'the quick' },
    { index: 0, text: 'brown fox' },
    { index: 1, last: 2, text: 'jumps over the dog' },
  ]);
  expect(cut.segments.map(({ startMs, endMs, text }) => [startMs, endMs, text])).toEqual([
    [0, 900, 'the quick'],
    [1_000, 1_900, 'brown fox'],
    [3_000, 5_900, 'jumps over the dog'],
  ]);
  expect(cut.segments.flatMap(({ words }) => words)).toEqual(INTERVIEW.segments.flatMap(({ words }) => words));
  expect(edited(INTERVIEW, { index: 0, text: ' ' }, { index: 2, text: 'the dog' })).toEqual([
    'the@5000-5400 dog@5500-5900',
  ]);
  expect(editTranscript(INTERVIEW, []).segments).toEqual([]);
});

test('speakers have names, and segments keep theirs unless it is said', () => {
  const first = editTranscript(
    INTERVIEW,
    [
      { index: 0, text: 'the quick brown fox', speaker: 'a' },
      { index: 1, text: 'jumps', speaker: 'b' },
    ],
    { a: 'Ann' },
  );
  expect(first.segments.map((one) => speakerOf(first, one))).toEqual(['Ann', 'b']);
  const second = editTranscript(first, [
    { index: 0, text: 'the fox' },
    { index: 1, text: 'jumps', speaker: null },
  ]);
  expect(second.segments.map(({ speaker }) => speaker)).toEqual(['a', undefined]);
  expect(second.speakers).toEqual({ a: 'Ann' });
  expect(editTranscript(second, [], {}).speakers).toBeUndefined();
});

test('a text without words stays one', () => {
  const imported = transcript({ startMs: 0, endMs: 3_000, text: 'ask not', words: [] });
  expect(
    editTranscript(imported, [
      { index: 0, text: 'ask' },
      { index: 0, text: 'why' },
    ]).segments,
  ).toEqual([
    { startMs: 0, endMs: 1_500, text: 'ask', words: [] },
    { startMs: 1_500, endMs: 3_000, text: 'why', words: [] },
  ]);
});

test('a segment can bring its own time and words', () => {
  const words = [{ text: 'hm', startMs: 2_000, endMs: 2_100, confidence: 1 }];
  expect(
    edited(
      INTERVIEW,
      { index: 0, text: 'the fox' },
      { startMs: 2_000, endMs: 2_500, text: 'hm', words },
      { startMs: 2_600, endMs: 2_800, text: 'so so' },
    ),
  ).toEqual(['the@0-400 fox@1500-1900', 'hm@2000-2100', 'so!@2600-2700 so!@2700-2800']);
});

test.each<[string, SegmentEdit[]]>([
  ['a segment that is not there', [{ index: 3, text: 'x' }]],
  ['more segments than there are', [{ index: 1, last: 3, text: 'x' }]],
  [
    'segments in another order',
    [
      { index: 0, last: 1, text: 'x' },
      { index: 0, text: 'x' },
    ],
  ],
  [
    'times in another order',
    [
      { startMs: 9, endMs: 10, text: 'x' },
      { index: 0, text: 'x' },
    ],
  ],
  ['an end before the beginning', [{ startMs: 9, endMs: 8, text: 'x' }]],
  [
    'words that are not the text',
    [{ startMs: 0, endMs: 8, text: 'x', words: [{ text: 'y', startMs: 0, endMs: 8, confidence: 1 }] }],
  ],
  [
    'words outside of the segment',
    [{ startMs: 0, endMs: 8, text: 'x', words: [{ text: 'x', startMs: 0, endMs: 9, confidence: 1 }] }],
  ],
])('%s is refused', (_, edits) => {
  expect(() => editTranscript(INTERVIEW, edits)).toThrow(UsageError);
});

describe('whatever is changed', () => {
  const wordText = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.constantFrom('the', 'fox', 'a', 'New', '-York', "don't", 'ครับ', 'ผม', 'น้ำ', '你', '好', '7'),
    },
    {
      weight: 1,
      arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 6 }).map((text) => text.replace(/\s/gu, '_')),
    },
  );
  const said = fc
    .array(
      fc.array(fc.record({ text: wordText, gapMs: fc.nat(300), lengthMs: fc.nat(500), joins: fc.boolean() }), {
        minLength: 1,
        maxLength: 12,
      }),
      { minLength: 1, maxLength: 5 },
    )
    .map((all) => {
      let atMs = 0;
      const segments = all.map((parts) => {
        const words = parts.map(({ text, gapMs, lengthMs, joins }): Word => {
          const startMs = atMs + gapMs;
          atMs = startMs + lengthMs;
          return { text, startMs, endMs: atMs, confidence: 0.5, ...(joins ? { joinsPrevious: true as const } : {}) };
        });
        return { startMs: words[0]!.startMs, endMs: atMs, text: joinWords(words), words };
      });
      return transcript(...segments);
    });
  const change = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.nat(8),
    put: fc.array(wordText, { maxLength: 3 }).map((texts) => texts.join(' ')),
    to: fc.constantFrom('edit', 'cut', 'join', 'leave', 'remove'),
  });

  /** Edits of every kind, each segment by its own change. */
  function editsOf(
    { segments }: Transcript,
    changes: (typeof change extends fc.Arbitrary<infer T> ? T : never)[],
  ): SegmentEdit[] {
    const edits: SegmentEdit[] = [];
    for (let index = 0; index < segments.length; index += 1) {
      const { at, length, put, to } = changes[index]!;
      const { text } = segments[index]!;
      const from = Math.round(at * text.length);
      const next = segments[index + 1];
      if (to === 'remove') continue;
      if (to === 'leave') edits.push({ index, text });
      else if (to === 'cut') edits.push({ index, text: text.slice(0, from) }, { index, text: text.slice(from) });
      else if (to === 'join' && next) {
        edits.push({ index, last: index + 1, text: `${text} ${put} ${next.text}` });
        index += 1;
      } else edits.push({ index, text: text.slice(0, from) + put + text.slice(from + length) });
    }
    return edits;
  }

  test('times never go backwards, and the words are the text', () => {
    fc.assert(
      fc.property(said, fc.array(change, { minLength: 5, maxLength: 5 }), (base, changes) => {
        const edits = editsOf(base, changes);
        const { segments } = editTranscript(base, edits);
        const texts = edits.map(({ text }) => onOneLine(text)).filter((text) => text !== '');
        expect(segments.map(({ text }) => text)).toEqual(texts.map((text) => text));
        let beforeMs = 0;
        for (const { text, words, startMs, endMs } of segments) {
          expect(joinWords(words)).toBe(text);
          expect(startMs).toBeLessThanOrEqual(words[0]!.startMs);
          for (const word of words) {
            expect(word.startMs).toBeGreaterThanOrEqual(beforeMs);
            expect(word.endMs).toBeGreaterThanOrEqual(word.startMs);
            beforeMs = word.endMs;
          }
          expect(endMs).toBeGreaterThanOrEqual(beforeMs);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('a word that nobody touched is as it was', () => {
    fc.assert(
      fc.property(said, fc.array(change, { minLength: 5, maxLength: 5 }), (base, changes) => {
        const known = new Set(
          base.segments.flatMap(({ words }) => words).map(({ text, startMs, endMs }) => `${text} ${startMs} ${endMs}`),
        );
        for (const { words } of editTranscript(base, editsOf(base, changes)).segments) {
          for (const { text, startMs, endMs, confidence, edited: byPerson } of words) {
            if (byPerson) expect(confidence).toBe(1);
            else expect(known).toContain(`${text} ${startMs} ${endMs}`);
          }
        }
      }),
    );
  });
});
