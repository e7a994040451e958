/** A transcript in the forms that OpenAI's clients read (https://platform.openai.com/docs/api-reference/audio). */
import { deflateSync } from 'node:zlib';
import { FORMATS, formatTranscript } from '../../transcript/formats/index.ts';
import type { Segment, Transcript } from '../../transcript/transcript.ts';
import type { AnswerFormat, Granularity } from '../schemas/openai.ts';

/** Whisper counts the frames that a segment begins at; each is 10 ms. */
const FRAME_MS = 10;
/** Stands for 0, whose logarithm is no number. */
const LEAST_CONFIDENCE = 1e-6;

export interface Answer {
  mediaType: string;
  body: string;
}

/** The answer as it goes over the wire. */
export function answerOf(transcript: Transcript, format: AnswerFormat, granularities: readonly Granularity[]): Answer {
  switch (format) {
    case 'text':
      return rendered(transcript, 'txt');
    case 'srt':
    case 'vtt':
      return rendered(transcript, format);
    case 'json':
      return json({ text: textOf(transcript), usage: usageOf(transcript) });
    case 'verbose_json':
      return json(verbose(transcript, granularities));
  }
}

function rendered(transcript: Transcript, format: 'txt' | 'srt' | 'vtt'): Answer {
  return { mediaType: FORMATS[format].mediaType, body: formatTranscript(transcript, format) };
}

function json(body: unknown): Answer {
  return { mediaType: 'application/json; charset=utf-8', body: JSON.stringify(body) };
}

function verbose(transcript: Transcript, granularities: readonly Granularity[]) {
  const { durationMs, segments } = transcript;
  return {
    task: 'transcribe',
    language: languageName(transcript.language),
    duration: durationMs / 1000,
    text: textOf(transcript),
    ...(granularities.includes('segment') ? { segments: segments.map(verboseSegment) } : {}),
    ...(granularities.includes('word') ? { words: segments.flatMap(wordsOf) } : {}),
    usage: usageOf(transcript),
  };
}

/** The names are those of Whisper's own output. Tokens and the chance that nobody spoke are not kept with a transcript. */
function verboseSegment({ startMs, endMs, text, words }: Segment, id: number) {
  const logs = words.map(({ confidence }) => Math.log(Math.max(LEAST_CONFIDENCE, confidence)));
  return {
    id,
    seek: Math.floor(startMs / FRAME_MS),
    start: startMs / 1000,
    end: endMs / 1000,
    text,
    tokens: [],
    temperature: 0,
    avg_logprob: logs.length === 0 ? 0 : logs.reduce((sum, log) => sum + log, 0) / logs.length,
    compression_ratio: compressionRatio(text),
    no_speech_prob: 0,
  };
}

/** As Whisper measures whether a text repeats itself: its bytes, divided by those of its deflated form. */
function compressionRatio(text: string): number {
  const bytes = Buffer.from(text);
  return bytes.length / deflateSync(bytes).length;
}

function wordsOf({ words }: Segment) {
  return words.map(({ text, startMs, endMs }) => ({ word: text, start: startMs / 1000, end: endMs / 1000 }));
}

/** One line, as these clients expect it. */
function textOf(transcript: Transcript): string {
  return formatTranscript(transcript, 'txt').trim().replace(/\n+/g, ' ');
}

function usageOf({ durationMs }: Transcript) {
  return { type: 'duration', seconds: Math.ceil(durationMs / 1000) };
}

/** `english` for `en`: these answers name languages, where requests have codes. */
function languageName(tag: string): string {
  return (new Intl.DisplayNames('en', { type: 'language', fallback: 'code' }).of(tag) ?? tag).toLowerCase();
}
