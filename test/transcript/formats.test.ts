import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FORMAT_NAMES, FORMATS, formatTranscript } from '../../src/transcript/formats/index.ts';
import type { Segment, Transcript } from '../../src/transcript/transcript.ts';

const segment = (startMs: number, endMs: number, text: string): Segment => ({
  startMs,
  endMs,
  text,
  words: [{ text, startMs, endMs, confidence: 0.9 }],
});
const transcript = (...segments: Segment[]): Transcript => ({
  version: 1,
  durationMs: segments.at(-1)?.endMs ?? 0,
  language: 'en',
  engine: 'pocketsphinx',
  model: 'en-us',
  segments,
  warnings: ['3.0 s of damaged sound were left out.'],
});
const INTERVIEW = transcript(
  segment(480, 2_150, 'Tom & Jerry <live> --> here'),
  segment(2_600, 3_000, 'สวัสดีครับ'),
  segment(3_725_004, 3_725_900, 'The end.'),
);

test('each format has a name, an extension and a media type', () => {
  expect(Object.keys(FORMATS)).toEqual([...FORMAT_NAMES]);
  for (const name of FORMAT_NAMES) {
    expect(FORMATS[name].extension).toBe(name);
    const { mediaType, isText } = FORMATS[name];
    expect(mediaType).toMatch(isText ? /^[a-z]+\/[a-z-]+; charset=utf-8$/ : /^application\/[a-z.-]+$/);
  }
});

test('txt: a paragraph a line, the warnings not in it', () => {
  expect(formatTranscript(INTERVIEW, 'txt')).toBe('Tom & Jerry <live> --> here สวัสดีครับ\n\nThe end.\n');
});

test('txt: a segment that joins the one before it gets no space', () => {
  const joined = segment(3_000, 3_300, 'ครับ');
  joined.words[0]!.joinsPrevious = true;
  expect(formatTranscript(transcript(segment(2_600, 3_000, 'สวัสดี'), joined), 'txt')).toBe('สวัสดีครับ\n');
});

test('srt', () => {
  expect(formatTranscript(INTERVIEW, 'srt')).toBe(
    [
      '1\n00:00:00,480 --> 00:00:02,150\nTom & Jerry <live> --> here\n',
      '2\n00:00:02,600 --> 00:00:03,000\nสวัสดีครับ\n',
      '3\n01:02:05,004 --> 01:02:05,900\nThe end.\n\n',
    ].join('\n'),
  );
});

test('vtt', () => {
  expect(formatTranscript(INTERVIEW, 'vtt')).toBe(
    [
      'WEBVTT\n',
      'NOTE 3.0 s of damaged sound were left out.\n',
      '00:00:00.480 --> 00:00:02.150\nTom &amp; Jerry &lt;live&gt; --&gt; here\n',
      '00:00:02.600 --> 00:00:03.000\nสวัสดีครับ\n',
      '01:02:05.004 --> 01:02:05.900\nThe end.\n',
    ].join('\n'),
  );
});

test('vtt: whatever a warning says, it is a comment on one line', () => {
  const odd = {
    ...transcript(segment(0, 900, 'yes')),
    warnings: ['"a\n\n0:01 ----> 0:02\r\nb" is damaged.', 'Again.'],
  };
  expect(formatTranscript(odd, 'vtt').split('\n\n')).toEqual([
    'WEBVTT',
    'NOTE "a 0:01 -> 0:02 b" is damaged.',
    'NOTE Again.',
    '00:00:00.000 --> 00:00:00.900\nyes\n',
  ]);
});

test('json: all of it', () => {
  const text = formatTranscript(INTERVIEW, 'json');
  expect(JSON.parse(text)).toEqual(INTERVIEW);
  expect(text.endsWith('}\n')).toBe(true);
});

describe('speakers', () => {
  const conversation: Transcript = {
    ...transcript(
      { ...segment(0, 900, 'Hello.'), speaker: '1' },
      { ...segment(1_000, 1_900, 'How are you?'), speaker: '1' },
      { ...segment(2_000, 2_900, 'Fine.'), speaker: 'Bob' },
      segment(3_000, 3_900, 'Applause.'),
    ),
    speakers: { 1: 'Ann & <Co>' },
    warnings: [],
  };

  test('txt: whoever begins to speak begins a paragraph, by name', () => {
    expect(formatTranscript(conversation, 'txt')).toBe('Ann & <Co>: Hello. How are you?\n\nBob: Fine.\n\nApplause.\n');
  });

  test('srt: whoever begins to speak is named', () => {
    const lines = formatTranscript(conversation, 'srt').split('\n');
    expect(lines.filter((_, index) => index % 4 === 2)).toEqual([
      ...['Ann & <Co>: Hello.', 'How are you?', 'Bob: Fine.', 'Applause.'],
    ]);
  });

  test('vtt: each cue has its voice', () => {
    const lines = formatTranscript(conversation, 'vtt').split('\n');
    expect(lines.filter((line) => /[.?]$/.test(line))).toEqual([
      ...['<v Ann &amp; &lt;Co&gt;>Hello.', '<v Ann &amp; &lt;Co&gt;>How are you?', '<v Bob>Fine.', 'Applause.'],
    ]);
  });
});

test('a day of recording still has its hours', () => {
  expect(formatTranscript(transcript(segment(360_000_000, 360_001_000, 'late')), 'srt')).toContain(
    '100:00:00,000 --> 100:00:01,000',
  );
});

test('nothing was said: a valid file in every format', () => {
  const silence = transcript();
  expect(formatTranscript(silence, 'txt')).toBe('');
  expect(formatTranscript(silence, 'srt')).toBe('');
  expect(formatTranscript({ ...silence, warnings: [] }, 'vtt')).toBe('WEBVTT\n');
  expect(JSON.parse(formatTranscript(silence, 'json')).segments).toEqual([]);
});

describe('whatever was said, the subtitles read back', () => {
  const said = fc
    .array(
      fc.record({
        text: fc.oneof(
          fc.string({ maxLength: 30, unit: 'grapheme' }),
          fc.constantFrom('-->', '<v Bob>', '&lt;', 'a\n\nb', '\r\n', '00:00:01.000 --> 00:00:02.000', 'NOTE', '7'),
        ),
        gapMs: fc.double({ min: 0, max: 5_000, noNaN: true }),
        lengthMs: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 7_000, noNaN: true })),
      }),
      { maxLength: 20 },
    )
    .map((parts) => {
      let atMs = 0;
      const segments = parts.map(({ text, gapMs, lengthMs }) => {
        const startMs = atMs + gapMs;
        atMs = startMs + lengthMs;
        return segment(startMs, atMs, text);
      });
      return transcript(...segments);
    });

  const onOneLine = (text: string) => text.replace(/\s+/gu, ' ').trim();
  const expectedCues = ({ segments }: Transcript) =>
    segments
      .filter(({ text }) => onOneLine(text) !== '')
      .map(({ startMs, text }) => ({ startMs: Math.round(startMs), text: onOneLine(text) }));

  test('srt', () => {
    fc.assert(
      fc.property(said, (it) => {
        const blocks = formatTranscript(it, 'srt').split('\n\n').slice(0, -1);
        const cues = blocks.map((block, index) => {
          const [number, times, ...lines] = block.split('\n');
          expect(number).toBe(String(index + 1));
          return cueOf(times!, ',', lines);
        });
        expect(cues).toEqual(expectedCues(it));
      }),
    );
  });

  test('vtt', () => {
    fc.assert(
      fc.property(said, (it) => {
        const [head, note, ...blocks] = formatTranscript(it, 'vtt').replace(/\n$/, '').split('\n\n');
        expect([head, note]).toEqual(['WEBVTT', `NOTE ${it.warnings}`]);
        const cues = blocks.map((block) => {
          const [times, ...lines] = block.split('\n');
          expect(lines.join('')).not.toContain('-->');
          const cue = cueOf(times!, '.', lines);
          return { ...cue, text: cue.text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&') };
        });
        expect(cues).toEqual(expectedCues(it));
      }),
    );
  });

  /** Checks the times while it reads them. */
  function cueOf(times: string, separator: string, lines: string[]): { startMs: number; text: string } {
    expect(lines).toHaveLength(1);
    const [startMs, endMs] = times.split(' --> ').map((time) => msOf(time, separator)) as [number, number];
    expect(endMs).toBeGreaterThan(startMs);
    return { startMs, text: lines[0]! };
  }

  function msOf(time: string, separator: string): number {
    const parts = new RegExp(`^(\\d{2,}):([0-5]\\d):([0-5]\\d)[${separator}](\\d{3})$`).exec(time);
    expect(parts, time).not.toBeNull();
    const [hours, minutes, seconds, ms] = parts!.slice(1).map(Number) as [number, number, number, number];
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + ms;
  }
});
