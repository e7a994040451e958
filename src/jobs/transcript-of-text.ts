import type { Segment, Transcript } from '../transcript/transcript.ts';

const ESTIMATED = 'TTService kept no times: those of the segments are estimated from how long their texts are.';
const NO_TEXT = 'TTService kept no text of this recording.';

/**
 * A transcript of a text of which nothing else is known: a segment for each line, with the share of the time that its
 * text is of the whole.
 * @param known `durationMs`: the recording's length, 0 when it is not known
 */
export function transcriptOfText(text: string, known: { durationMs: number; model: string }): Transcript {
  const durationMs = Math.round(known.durationMs);
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const segments = spread(
    lines.filter((line) => line !== ''),
    durationMs,
  );
  return {
    version: 1,
    durationMs,
    // BCP 47 for a language that is not known.
    language: 'und',
    engine: 'whisper',
    model: known.model,
    segments,
    warnings: [segments.length > 0 ? ESTIMATED : NO_TEXT],
  };
}

function spread(lines: string[], durationMs: number): Segment[] {
  const characters = lines.reduce((sum, line) => sum + line.length, 0);
  let before = 0;
  return lines.map((line) => {
    const startMs = Math.round((durationMs * before) / characters);
    before += line.length;
    return { startMs, endMs: Math.round((durationMs * before) / characters), text: line, words: [] };
  });
}
