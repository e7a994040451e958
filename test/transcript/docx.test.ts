import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { transcriptFile } from '../../src/transcript/formats/index.ts';
import type { Segment, Transcript } from '../../src/transcript/transcript.ts';
import { scratchPath } from '../support/scratch.ts';

const run = promisify(execFile);

/** Checks an archive and prints its texts as JSON. */
const UNZIP = `
import io, json, sys, zipfile
archive = zipfile.ZipFile(io.BytesIO(open(sys.argv[1], 'rb').read()))
assert archive.testzip() is None
print(json.dumps({name: archive.read(name).decode('utf-8') for name in archive.namelist()}))`;

let documents = 0;

function segment(startMs: number, endMs: number, text: string, more: Partial<Segment> = {}): Segment {
  return { startMs, endMs, text, words: [{ text, startMs, endMs, confidence: 0.9 }], ...more };
}

const TALK: Transcript = {
  ...{ version: 1, durationMs: 3_725_900, language: 'th', engine: 'whisper', model: 'small' },
  segments: [
    segment(480, 2_150, 'Tom & Jerry <live>', { speaker: '1' }),
    segment(2_600, 3_000, 'again', { speaker: '1' }),
    segment(3_100, 3_500, 'สวัสดี', { speaker: '2' }),
    {
      ...segment(3_500, 3_900, 'ครับ', { speaker: '2' }),
      words: [{ ...segment(3_500, 3_900, 'ครับ').words[0]!, joinsPrevious: true }],
    },
    segment(3_725_004, 3_725_900, 'The end\u0001.', { speaker: '2' }),
  ],
  warnings: ['3.0 s of damaged sound were left out.'],
  speakers: { 1: 'Ann "A" & Co', 2: 'สมชาย' },
};
const ABOUT = { title: 'สัมภาษณ์ & more.flac', createdAt: Date.UTC(2026, 0, 2, 3, 4) };

async function opened(transcript: Transcript) {
  const file = await transcriptFile(transcript, 'docx', ABOUT);
  const path = scratchPath(`document-${++documents}.docx`);
  writeFileSync(path, file);
  const files = JSON.parse((await run('python3', ['-c', UNZIP, path])).stdout) as Record<string, string>;
  const [document, styles] = [files['word/document.xml']!, files['word/styles.xml']!];
  const paragraphs = [...document.matchAll(/<w:p>.*?<\/w:p>/gs)].map(([paragraph]) =>
    [...paragraph.matchAll(/<w:t[^>]*>([^<]*)<\/w:t>/g)].map(([, text]) => plain(text!)).join(''),
  );
  return { names: Object.keys(files), document, styles, paragraphs };
}

function plain(xml: string): string {
  const entities: Record<string, string> = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&apos;': "'", '&amp;': '&' };
  return xml.replace(/&\w+;/g, (entity) => entities[entity] ?? entity);
}

test('title, what it is made of, and paragraphs with time and speaker', async () => {
  const { paragraphs } = await opened(TALK);
  expect(paragraphs).toEqual([
    'สัมภาษณ์ & more.flac',
    'Handed in 2026-01-02 03:04 UTC',
    'Length 1:02:05',
    'whisper, model small, language th',
    '3.0 s of damaged sound were left out.',
    '[0:00:00] Ann "A" & Co: Tom & Jerry <live> again',
    '[0:00:03] สมชาย: สวัสดีครับ',
    '[1:02:05] สมชาย: The end .',
  ]);
});

test('it has a font for Thai, and what word processors need', async () => {
  const { names, styles, document } = await opened(TALK);
  expect(names).toEqual(expect.arrayContaining(['[Content_Types].xml', '_rels/.rels', 'docProps/core.xml']));
  expect(styles).toMatch(/<w:rPrDefault>.*<w:rFonts [^>]*w:cs="Leelawadee UI"/s);
  expect(document).not.toMatch(/(?!\s)\p{Cc}|\p{Cs}/u);
});

test('nothing was said: a document all the same', async () => {
  const { paragraphs } = await opened({ ...TALK, segments: [], warnings: [] });
  expect(paragraphs).toHaveLength(4);
});
