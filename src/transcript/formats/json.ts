import type { Transcript } from '../transcript.ts';

/** The whole structure, words and warnings included. */
export function renderJson(transcript: Transcript): string {
  return `${JSON.stringify(transcript, null, 2)}\n`;
}
