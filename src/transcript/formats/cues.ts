import { speakerOf, type Transcript } from '../transcript.ts';

/** One subtitle: whole milliseconds, `0 <= startMs < endMs`, text on one line, never blank. */
export interface Cue {
  startMs: number;
  endMs: number;
  text: string;
  /** The name of whoever speaks, on one line. */
  speaker: string | undefined;
}

/** Players drop a cue that lasts no time at all, so a word without a length is shown this long. */
const SHORTEST_CUE_MS = 200;

/** What a subtitle file shows, one cue for each segment that says something. */
export function cuesOf(transcript: Transcript): Cue[] {
  return transcript.segments.flatMap((segment) => {
    const text = segment.text.replace(/\s+/gu, ' ').trim();
    if (text === '') return [];
    const startMs = Math.max(0, Math.round(segment.startMs));
    const endMs = Math.round(segment.endMs);
    const speaker = speakerOf(transcript, segment)?.replace(/\s+/gu, ' ').trim();
    return [{ startMs, endMs: endMs > startMs ? endMs : startMs + SHORTEST_CUE_MS, text, speaker }];
  });
}

/** `hh:mm:ss` with milliseconds after `separator`; hours grow past 99 where they must. */
export function timestamp(ms: number, separator: ',' | '.'): string {
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  const seconds = `${two(ms / 3_600_000)}:${two((ms / 60_000) % 60)}:${two((ms / 1000) % 60)}`;
  return `${seconds}${separator}${String(ms % 1000).padStart(3, '0')}`;
}
