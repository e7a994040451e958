/** The formats a transcript can be written in. A new one is a file beside this and a line below. */
import type { Transcript } from '../transcript.ts';
import { renderJson } from './json.ts';
import { renderSrt } from './srt.ts';
import { renderTxt } from './txt.ts';
import { renderVtt } from './vtt.ts';

/** What a document says on top that is not in the transcript. */
export interface About {
  /** The name of the recording. */
  title: string;
  /** When it was handed in, in milliseconds since the epoch. */
  createdAt: number;
}

export interface Format {
  /** Of the file, without the dot. */
  extension: string;
  mediaType: string;
  /** False for what no terminal can show. */
  isText: boolean;
}

export const TEXT_FORMAT_NAMES = ['txt', 'srt', 'vtt', 'json'] as const;
export type TextFormatName = (typeof TEXT_FORMAT_NAMES)[number];

export const FORMAT_NAMES = [...TEXT_FORMAT_NAMES, 'docx'] as const;
export type FormatName = (typeof FORMAT_NAMES)[number];

export const FORMATS: Readonly<Record<FormatName, Format>> = {
  txt: { extension: 'txt', mediaType: 'text/plain; charset=utf-8', isText: true },
  srt: { extension: 'srt', mediaType: 'application/x-subrip; charset=utf-8', isText: true },
  vtt: { extension: 'vtt', mediaType: 'text/vtt; charset=utf-8', isText: true },
  json: { extension: 'json', mediaType: 'application/json; charset=utf-8', isText: true },
  docx: {
    extension: 'docx',
    mediaType: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
    isText: false,
  },
};

const RENDER: Readonly<Record<TextFormatName, (transcript: Transcript) => string>> = {
  txt: renderTxt,
  srt: renderSrt,
  vtt: renderVtt,
  json: renderJson,
};

/** The transcript as a file's content, to be written as UTF-8. An empty transcript gives a valid file of each format. */
export function formatTranscript(transcript: Transcript, format: TextFormatName): string {
  return RENDER[format](transcript);
}

/** As `formatTranscript`, for all formats. What documents are made with is loaded when the first one is asked for. */
export async function transcriptFile(
  transcript: Transcript,
  format: FormatName,
  about: About,
): Promise<string | Uint8Array> {
  if (format !== 'docx') return formatTranscript(transcript, format);
  const { renderDocx } = await import('./docx.ts');
  return await renderDocx(transcript, about);
}
