import type { Transcript } from '../transcript.ts';
import { cuesOf, timestamp } from './cues.ts';

/**
 * SubRip subtitles: numbered cues, a blank line after each. SubRip has no escaping, so the text stands as it is. Whoever
 * begins to speak is named.
 */
export function renderSrt(transcript: Transcript): string {
  return cuesOf(transcript)
    .map(({ startMs, endMs, text, speaker }, index, all) => {
      const name = speaker !== undefined && speaker !== all[index - 1]?.speaker ? `${speaker}: ` : '';
      return `${index + 1}\n${timestamp(startMs, ',')} --> ${timestamp(endMs, ',')}\n${name}${text}\n\n`;
    })
    .join('');
}
