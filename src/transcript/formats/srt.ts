import type { Transcript } from '../transcript.ts';
import { cuesOf, timestamp } from './cues.ts';

/** SubRip subtitles: numbered cues, a blank line after each. SubRip has no escaping, so the text stands as it is. */
export function renderSrt(transcript: Transcript): string {
  return cuesOf(transcript)
    .map(({ startMs, endMs, text }, index) => {
      return `${index + 1}\n${timestamp(startMs, ',')} --> ${timestamp(endMs, ',')}\n${text}\n\n`;
    })
    .join('');
}
