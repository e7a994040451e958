import { speakerOf, type Transcript } from '../transcript.ts';

/** A pause this long starts a new paragraph. */
const PARAGRAPH_PAUSE_MS = 2_000;

/**
 * Plain text: a paragraph a line, ended by one newline. Whoever begins to speak begins a paragraph, by name. Nothing was said:
 * an empty file.
 */
export function renderTxt(transcript: Transcript): string {
  let text = '';
  let spokenUntilMs = 0;
  let speaking: string | undefined;
  for (const segment of transcript.segments) {
    const words = segment.text.replace(/\s+/gu, ' ').trim();
    if (words === '') continue;
    const speaker = speakerOf(transcript, segment);
    const isAnother = speaker !== speaking;
    if (text !== '') {
      text += isAnother ? '\n\n' : gap(segment.startMs - spokenUntilMs, segment.words[0]?.joinsPrevious ?? false);
    }
    if (isAnother && speaker !== undefined) text += `${speaker}: `;
    text += words;
    spokenUntilMs = segment.endMs;
    speaking = speaker;
  }
  return text === '' ? '' : `${text}\n`;
}

function gap(pauseMs: number, joinsPrevious: boolean): string {
  if (pauseMs >= PARAGRAPH_PAUSE_MS) return '\n\n';
  return joinsPrevious ? '' : ' ';
}
