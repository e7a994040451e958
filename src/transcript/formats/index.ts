/** The formats a transcript can be written in. A new one is a file beside this and a line below. */
import type { Transcript } from '../transcript.ts';
import { renderJson } from './json.ts';
import { renderSrt } from './srt.ts';
import { renderTxt } from './txt.ts';
import { renderVtt } from './vtt.ts';

export interface Format {
  /** Of the file, without the dot. */
  extension: string;
  mediaType: string;
  /** The file's content, to be written as UTF-8. */
  render(transcript: Transcript): string;
}

export const FORMAT_NAMES = ['txt', 'srt', 'vtt', 'json'] as const;
export type FormatName = (typeof FORMAT_NAMES)[number];

export const FORMATS: Readonly<Record<FormatName, Format>> = {
  txt: { extension: 'txt', mediaType: 'text/plain; charset=utf-8', render: renderTxt },
  srt: { extension: 'srt', mediaType: 'application/x-subrip; charset=utf-8', render: renderSrt },
  vtt: { extension: 'vtt', mediaType: 'text/vtt; charset=utf-8', render: renderVtt },
  json: { extension: 'json', mediaType: 'application/json; charset=utf-8', render: renderJson },
};

/** The transcript as a file's content, to be written as UTF-8. An empty transcript gives a valid file of each format. */
export function formatTranscript(transcript: Transcript, format: FormatName): string {
  return FORMATS[format].render(transcript);
}
