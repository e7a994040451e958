import type { Transcript } from '../transcript.ts';
import { cuesOf, timestamp } from './cues.ts';

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/**
 * WebVTT subtitles (https://www.w3.org/TR/webvtt1/). Escaping `>` also keeps `-->` out of the text, as the standard asks.
 * What the reader must know stands on top, in comments. Who speaks is told by the voice of a cue.
 */
export function renderVtt(transcript: Transcript): string {
  const cues = cuesOf(transcript).map(({ startMs, endMs, text, speaker }) => {
    const voice = speaker === undefined ? '' : `<v ${escaped(speaker)}>`;
    return `\n${timestamp(startMs, '.')} --> ${timestamp(endMs, '.')}\n${voice}${escaped(text)}\n`;
  });
  return `WEBVTT\n${transcript.warnings.map(note).join('')}${cues.join('')}`;
}

function escaped(text: string): string {
  return text.replace(/[&<>]/g, (character) => ESCAPES[character]!);
}

/** A comment, which players do not show. It ends with a blank line, and `-->` would make a cue of it. */
function note(warning: string): string {
  return `\nNOTE ${warning
    .replace(/\s+/gu, ' ')
    .replace(/-{2,}>/g, '->')
    .trim()}\n`;
}
