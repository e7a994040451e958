/** A document for word processors (ECMA-376). Loaded only when one is asked for: the package is large. */
import { Document, HeadingLevel, Packer, Paragraph, TextRun } from 'docx';
import { type Segment, speakerOf, type Transcript } from '../transcript.ts';
import type { About } from './index.ts';

/** A pause this long starts a new paragraph, and so does a paragraph that has become this long. */
const PARAGRAPH_PAUSE_MS = 2_000;
const MAX_PARAGRAPH_MS = 120_000;

/**
 * Word takes the font of `cs` for Thai and other complex scripts. Those named are on Windows and on a Mac with Office; other
 * systems put one of theirs in their place.
 */
const FONT = { ascii: 'Calibri', hAnsi: 'Calibri', eastAsia: 'Calibri', cs: 'Leelawadee UI' } as const;
const GREY = '666666';
/** What no XML may hold (XML 1.0, 2.2), and with it the control characters that it may: the text stands on one line. */
const NOT_IN_XML = /[\p{Cc}\p{Cs}\ufffe\uffff]/gu;

/** Title, what it is made of, then paragraphs, each with its time and whoever speaks. */
export async function renderDocx(transcript: Transcript, about: About): Promise<Uint8Array> {
  const { engine, model, language, durationMs, warnings } = transcript;
  const facts = [
    `Handed in ${new Date(about.createdAt).toISOString().slice(0, 16).replace('T', ' ')} UTC`,
    `Length ${clock(durationMs)}`,
    `${engine}, model ${model}, language ${language}`,
  ];
  const document = new Document({
    title: clean(about.title),
    creator: 'Longhand',
    styles: { default: { document: { run: { font: FONT, size: '11pt' } } } },
    sections: [
      {
        children: [
          new Paragraph({
            heading: HeadingLevel.TITLE,
            children: [new TextRun({ text: clean(about.title), font: FONT })],
          }),
          ...facts.map((text) => new Paragraph({ children: [new TextRun({ text: clean(text), color: GREY })] })),
          ...warnings.map((text) => new Paragraph({ children: [new TextRun({ text: clean(text), italics: true })] })),
          ...paragraphsOf(transcript).map(paragraph),
        ],
      },
    ],
  });
  return await Packer.toBuffer(document);
}

interface Spoken {
  startMs: number;
  speaker: string | undefined;
  text: string;
}

function paragraphsOf(transcript: Transcript): Spoken[] {
  const all: Spoken[] = [];
  let before: Segment | undefined;
  for (const segment of transcript.segments) {
    const text = segment.text.replace(/\s+/gu, ' ').trim();
    if (text === '') continue;
    const speaker = speakerOf(transcript, segment);
    const open = all.at(-1);
    const goesOn =
      before &&
      open?.speaker === speaker &&
      segment.startMs - before.endMs < PARAGRAPH_PAUSE_MS &&
      segment.endMs - (open?.startMs ?? 0) <= MAX_PARAGRAPH_MS;
    if (open && goesOn) open.text += segment.words[0]?.joinsPrevious ? text : ` ${text}`;
    else all.push({ startMs: segment.startMs, speaker, text });
    before = segment;
  }
  return all;
}

function paragraph({ startMs, speaker, text }: Spoken): Paragraph {
  return new Paragraph({
    spacing: { before: 160 },
    children: [
      new TextRun({ text: `[${clock(startMs)}] `, color: GREY }),
      ...(speaker === undefined ? [] : [new TextRun({ text: `${clean(speaker)}: `, bold: true })]),
      new TextRun({ text: clean(text) }),
    ],
  });
}

function clean(text: string): string {
  return text.replace(NOT_IN_XML, ' ');
}

/** `h:mm:ss`, as players show it. */
function clock(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}
