/**
 * The answer of an OpenAI-compatible server, validated and turned into words.
 *
 * Three kinds are met. Words with times (`timestamp_granularities[]=word`): in OpenAI's own answer these lack punctuation,
 * which only `text` has, so each is looked up there. Segments with times: their words are spread over them by length.
 * Text alone: spread over the whole slice. The words' confidence is their own probability where a server gives one, else
 * that of their segment (`exp(avg_logprob)`), else 0.5: nothing is known, neither certainty nor doubt is claimed.
 */
import { EngineError } from '../domain/errors.ts';
import type { Word } from '../transcript/transcript.ts';

const UNKNOWN_CONFIDENCE = 0.5;
/** Servers round, and some place the last word past the end of the sound. */
const TIME_TOLERANCE_SECONDS = 2;
const EVIDENCE_CHARS = 500;

/** The parts of an answer that are used, as the server sent them. */
export interface OpenAiAnswer {
  text: string;
  language?: string;
  words: (Times & { word: string; probability?: number })[];
  segments: (Times & { text: string; avg_logprob?: number })[];
}

/** In seconds. */
interface Times {
  start: number;
  end: number;
}

/** A stretch of text with its time, before it is divided into words. */
interface Timed {
  text: string;
  start: number;
  end: number;
  confidence: number;
}

/**
 * Reads the body of an answer.
 * @throws EngineError when it is not one.
 */
export function parseAnswer(body: string): OpenAiAnswer {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch (error) {
    throw new EngineError('The transcription server answered with something that is not JSON.', {
      evidence: `${(error as Error).message}: ${body.slice(0, EVIDENCE_CHARS)}`,
    });
  }
  const wrong = firstWrong(json);
  if (wrong) {
    throw new EngineError('The transcription server answered with JSON that is no transcription.', {
      evidence: `${wrong} is missing or of the wrong type: ${body.slice(0, EVIDENCE_CHARS)}`,
    });
  }
  const { text, language, words, segments } = json as Partial<OpenAiAnswer> & { text: string };
  return { text, ...(language ? { language } : {}), words: words ?? [], segments: segments ?? [] };
}

/** The path of the first part that is not as it must be, or undefined. Absent and null are the same to these servers. */
function firstWrong(json: unknown): string | undefined {
  if (!isObject(json)) return 'the object';
  if (typeof json.text !== 'string') return 'text';
  if (!isAbsentOr('string', json.language)) return 'language';
  return (
    firstWrongItem(
      'words',
      json.words,
      (item) => typeof item.word === 'string' && isAbsentOr('number', item.probability),
    ) ??
    firstWrongItem(
      'segments',
      json.segments,
      (item) => typeof item.text === 'string' && isAbsentOr('number', item.avg_logprob),
    )
  );
}

function firstWrongItem(
  name: string,
  list: unknown,
  isRight: (item: Record<string, unknown>) => boolean,
): string | undefined {
  if (list === undefined || list === null) return undefined;
  if (!Array.isArray(list)) return name;
  const wrong = list.findIndex(
    (item) => !isObject(item) || typeof item.start !== 'number' || typeof item.end !== 'number' || !isRight(item),
  );
  return wrong < 0 ? undefined : `${name}[${wrong}]`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isAbsentOr(type: 'string' | 'number', value: unknown): boolean {
  return value === undefined || value === null || typeof value === type;
}

/**
 * The words of an answer, in order, within the slice.
 * @throws EngineError when times lie outside the slice or run backwards.
 */
export function wordsOf(answer: OpenAiAnswer, durationSeconds: number): Word[] {
  const segments = answer.segments.map(({ avg_logprob: logProb, ...segment }) => ({
    ...segment,
    confidence: logProb == null ? UNKNOWN_CONFIDENCE : probability(Math.exp(logProb)),
  }));
  const words = answer.words.map(({ word, start, end, probability: own }) => ({
    text: word,
    start,
    end,
    confidence: own == null ? confidenceAt(segments, (start + end) / 2) : probability(own),
  }));
  const whole = [{ text: answer.text, start: 0, end: durationSeconds, confidence: UNKNOWN_CONFIDENCE }];
  if (words.length > 0) return within(withPunctuation(words, answer.text), durationSeconds);
  return within((segments.length > 0 ? segments : whole).flatMap(spread), durationSeconds);
}

function probability(value: number): number {
  return Math.min(1, Math.max(0, value));
}

function confidenceAt(segments: Timed[], at: number): number {
  return segments.find(({ start, end }) => start <= at && at <= end)?.confidence ?? UNKNOWN_CONFIDENCE;
}

type Spaced = Timed & { joinsPrevious: boolean };

/** Finds each word in the text, in order, and takes along the marks that stand around it there. */
function withPunctuation(words: Timed[], text: string): Spaced[] {
  const lower = text.toLowerCase();
  // A letter that changes its length in lower case (İ) would shift all places; then the words stay as they are.
  const searchable = lower.length === text.length;
  let at = 0;
  const spaced: Spaced[] = [];
  for (const word of words) {
    const bare = word.text.trim();
    if (bare === '') continue;
    const found = searchable ? lower.indexOf(bare.toLowerCase(), at) : -1;
    // Between two words stand marks and spaces; a word that is only found beyond others is not this one.
    const gap = found < 0 ? '' : text.slice(at, found);
    if (found < 0 || /[\p{L}\p{N}]/u.test(gap)) {
      spaced.push({ ...word, text: bare, joinsPrevious: false });
      continue;
    }
    const opening = /\S*$/.exec(gap)![0];
    const end = found + bare.length;
    const closing = /^[^\s\p{L}\p{N}]*/u.exec(text.slice(end))![0];
    at = end + closing.length;
    const joins = spaced.length > 0 && !/\s/.test(gap) && found - opening.length > 0;
    spaced.push({ ...word, text: opening + text.slice(found, at), joinsPrevious: joins });
  }
  return spaced;
}

/** Divides a text into words and gives each a part of its time by its number of letters. */
function spread({ text, start, end, confidence }: Timed): Spaced[] {
  // Thai, Chinese and Japanese put no spaces between words; the segmenter keeps words and marks apart.
  const parts = text.trim().split(/\s+/).filter(Boolean);
  const pieces = parts.flatMap((part) => unspaced(part).map((piece, i) => ({ text: piece, joinsPrevious: i > 0 })));
  const letters = pieces.reduce((sum, piece) => sum + piece.text.length, 0);
  let at = start;
  return pieces.map((piece) => {
    const from = at;
    at += ((end - start) * piece.text.length) / letters;
    return { ...piece, start: from, end: at, confidence };
  });
}

const UNSPACED_SCRIPT =
  /[\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u;

function unspaced(part: string): string[] {
  if (!UNSPACED_SCRIPT.test(part)) return [part];
  const pieces: string[] = [];
  for (const { segment, isWordLike } of new Intl.Segmenter(undefined, { granularity: 'word' }).segment(part)) {
    if (isWordLike || pieces.length === 0) pieces.push(segment);
    else pieces[pieces.length - 1] += segment;
  }
  return pieces;
}

function within(words: Spaced[], durationSeconds: number): Word[] {
  let earliest = 0;
  return words.map(({ text, start, end, confidence, joinsPrevious }) => {
    const outside = start < -TIME_TOLERANCE_SECONDS || end > durationSeconds + TIME_TOLERANCE_SECONDS;
    if (outside || start < earliest - TIME_TOLERANCE_SECONDS || end < start) {
      const evidence = `${text.slice(0, 100)}: ${start} to ${end} s, in ${durationSeconds} s of sound.`;
      throw new EngineError('The transcription server gave times that cannot be.', { evidence });
    }
    const clamp = (at: number) => Math.min(durationSeconds, Math.max(earliest, at));
    const startMs = Math.round(clamp(start) * 1000);
    const endMs = Math.max(startMs, Math.round(clamp(end) * 1000));
    earliest = clamp(start);
    return { text, startMs, endMs, confidence, ...(joinsPrevious ? { joinsPrevious } : {}) };
  });
}
