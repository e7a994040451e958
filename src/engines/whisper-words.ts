/**
 * From whisper-cli's answer (`--output-json-full`) to words.
 *
 * Whisper speaks in tokens: pieces of words, a leading space where a word begins, and in Thai or Chinese often pieces of
 * characters. Each token has a time and a probability; so does, in its share, every byte of it. The bytes of a segment
 * are put together and read as characters, the characters are cut into words at white space, and where the script has
 * none by dictionary (`Intl.Segmenter`, Unicode UAX 29). A word spans from its first character to its last; its
 * confidence is the mean over its tokens, as in OpenAI's `whisper/timing.py`.
 */
import { EngineError } from '../domain/errors.ts';
import type { Word } from '../transcript/transcript.ts';

export interface WhisperAnswer {
  /** Whisper's own code of the language it was asked for or detected. */
  language: string;
  segments: WhisperSegment[];
}

export interface WhisperSegment {
  fromMs: number;
  toMs: number;
  /** Without special tokens. */
  tokens: WhisperToken[];
}

export interface WhisperToken {
  /** Raw bytes, one character each (latin1): a token may end inside a UTF-8 sequence. */
  bytes: string;
  probability: number;
  fromMs: number;
  toMs: number;
}

/** The first token that is not text, in multilingual models and in English ones (whisper.cpp, `whisper_vocab::token_eot`). */
const FIRST_SPECIAL_MULTILINGUAL = 50_257;
const FIRST_SPECIAL_ENGLISH = 50_256;
const MULTILINGUAL_VOCAB = 51_865;

/** whisper-cli glues what follows to a character that stays incomplete, special tokens included. */
const GLUED_SPECIAL = /\[_(?:BEG|EOT|SOT|TT|NOT|PREV|NOSP|SOLM|TRANSLATE|TRANSCRIBE|LANG)_[^\]]*\]/g;

/**
 * Reads and checks the file that `whisper-cli --output-json-full` wrote.
 * @param file its bytes
 * @throws EngineError when it is not, in every part that is used, what whisper-cli writes.
 */
export function parseWhisperAnswer(file: Buffer): WhisperAnswer {
  const json = readJson(file);
  const root = object(json, 'the answer');
  const vocab = number(object(root.model, 'model').vocab, 'model.vocab');
  const language = object(root.result, 'result').language;
  if (typeof language !== 'string' || !language) throw invalid('result.language is missing');
  const firstSpecial = vocab >= MULTILINGUAL_VOCAB ? FIRST_SPECIAL_MULTILINGUAL : FIRST_SPECIAL_ENGLISH;
  return { language, segments: list(root.transcription, 'transcription').map((item) => segment(item, firstSpecial)) };
}

/**
 * whisper-cli writes tokens as they are: not always whole UTF-8, and control characters not escaped. So the file is
 * read byte by byte, and control characters inside strings are escaped first.
 */
function readJson(file: Buffer): unknown {
  const text = file.toString('latin1').replace(/"(?:[^"\\]|\\[\s\S])*"/g, (string) =>
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    string.replace(/[\u0000-\u001f]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`),
  );
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalid(file.length === 0 ? 'the file is empty' : `it is not JSON (${(error as Error).message})`);
  }
}

function segment(item: unknown, firstSpecial: number): WhisperSegment {
  const from = object(item, 'a segment');
  const { fromMs, toMs } = offsets(from.offsets, 'a segment');
  const tokens: WhisperToken[] = [];
  for (const entry of list(from.tokens, 'a segment, tokens')) {
    const token = object(entry, 'a token');
    const id = number(token.id, 'a token, id');
    const probability = number(token.p, 'a token, p');
    if (typeof token.text !== 'string') throw invalid('a token has no text');
    if (probability < 0 || probability > 1.001) throw invalid(`a token has the probability ${probability}`);
    if (id >= firstSpecial) continue;
    const times = token.offsets === undefined ? { fromMs, toMs } : offsets(token.offsets, 'a token');
    const bytes = token.text.replace(GLUED_SPECIAL, '');
    tokens.push({ bytes, probability: Math.min(1, probability), ...times });
  }
  if (typeof from.text !== 'string') throw invalid('a segment has no text');
  if (from.text.trim() && tokens.length === 0) throw invalid('a segment has a text but no tokens');
  return { fromMs, toMs, tokens };
}

function offsets(value: unknown, where: string): { fromMs: number; toMs: number } {
  const { from, to } = object(value, `${where}, offsets`);
  return { fromMs: number(from, `${where}, offsets.from`), toMs: number(to, `${where}, offsets.to`) };
}

function object(value: unknown, where: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(`${where} is not an object`);
  return value as Record<string, unknown>;
}

function list(value: unknown, where: string): unknown[] {
  if (!Array.isArray(value)) throw invalid(`${where} is not a list`);
  return value;
}

function number(value: unknown, where: string): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw invalid(`${where} is not a number`);
  return value;
}

function invalid(what: string): EngineError {
  return new EngineError(`whisper-cli gave an answer that cannot be read: ${what}.`);
}

/** Scripts that are written without spaces between words, with their punctuation. */
const SPACELESS =
  /[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\u3000-\u303f\uff00-\uffef]/u;
/** Stretches of such a script, and stretches of others. */
const STRETCHES = new RegExp(`${SPACELESS.source}+|(?:(?!${SPACELESS.source}).)+`, 'gsu');
const WORDLIKE = /[\p{L}\p{N}]/u;
/** What stands before the word it belongs to: opening brackets and quotes. */
const OPENING = /^[\p{Ps}\p{Pi}]+$/u;

interface Char {
  text: string;
  fromMs: number;
  toMs: number;
  token: WhisperToken;
}

/**
 * The words of an answer, in order, times inside the slice and never running backwards.
 * @param answer what `parseWhisperAnswer` gave
 * @param durationMs the slice's length; Whisper pads to 30 s and may place a word behind the end
 */
export function wordsOf(answer: WhisperAnswer, durationMs: number): Word[] {
  const words: Word[] = [];
  const segmenter = new Intl.Segmenter(answer.language === 'jw' ? 'jv' : answer.language, { granularity: 'word' });
  for (const { tokens } of answer.segments) {
    let spaceBefore = false;
    let run: Char[] = [];
    const endRun = () => {
      if (run.length > 0) words.push(...wordsOfRun(run, spaceBefore, words.at(-1), segmenter));
      run = [];
    };
    for (const char of charsOf(tokens)) {
      if (/\s/u.test(char.text)) {
        endRun();
        spaceBefore = true;
      } else {
        run.push(char);
      }
    }
    endRun();
  }
  return inOrder(words, durationMs);
}

/** Puts the tokens' bytes together and reads them as UTF-8. Bytes that belong to no whole character are left out. */
function charsOf(tokens: readonly WhisperToken[]): Char[] {
  const bytes = Buffer.from(tokens.map((token) => token.bytes).join(''), 'latin1');
  const owners = tokens.flatMap((token) => Array.from(token.bytes, (_, index) => ({ token, index })));
  const chars: Char[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes, at);
    const first = owners[at] as { token: WhisperToken; index: number };
    const last = owners[at + Math.max(length, 1) - 1] as { token: WhisperToken; index: number };
    if (length > 0) {
      chars.push({
        text: bytes.toString('utf8', at, at + length),
        fromMs: timeInside(first.token, first.index),
        toMs: timeInside(last.token, last.index + 1),
        token: first.token,
      });
    }
    at += Math.max(length, 1);
  }
  return chars;
}

/** The length of the whole UTF-8 sequence that starts here, or 0 (RFC 3629). */
function sequenceLength(bytes: Buffer, at: number): number {
  const lead = bytes[at] as number;
  const length = lead < 0x80 ? 1 : lead >= 0xf0 && lead < 0xf5 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
  if (lead >= 0xf5 || at + length > bytes.length) return 0;
  for (let i = 1; i < length; i++) if (((bytes[at + i] as number) & 0xc0) !== 0x80) return 0;
  return length;
}

/** Where a byte's turn comes in its token's time. The space before a word takes none of it. */
function timeInside(token: WhisperToken, byte: number): number {
  const spaces = token.bytes.length - token.bytes.trimStart().length;
  const share = Math.max(0, byte - spaces) / Math.max(1, token.bytes.length - spaces);
  return token.fromMs + (token.toMs - token.fromMs) * share;
}

/** The words of characters between two spaces. */
function wordsOfRun(run: Char[], spaceBefore: boolean, previous: Word | undefined, segmenter: Intl.Segmenter): Word[] {
  const text = run.map((char) => char.text).join('');
  const pieces = SPACELESS.test(text) ? dictionaryPieces(text, segmenter) : [text];
  const words: Word[] = [];
  let at = 0;
  for (const piece of pieces) {
    const chars = run.slice(at, at + Array.from(piece).length);
    at += chars.length;
    const joins = words.length > 0 || (!spaceBefore && touches(previous, piece));
    words.push({
      text: piece,
      startMs: (chars[0] as Char).fromMs,
      endMs: (chars.at(-1) as Char).toMs,
      confidence: meanProbability(chars),
      ...(joins ? { joinsPrevious: true } : {}),
    });
  }
  return words;
}

/** Words as the dictionary sees them, those of other scripts between them whole, punctuation with the word it belongs to. */
function dictionaryPieces(text: string, segmenter: Intl.Segmenter): string[] {
  const pieces: string[] = [];
  let opening = '';
  const cuts = (text.match(STRETCHES) ?? []).flatMap((stretch) =>
    SPACELESS.test(stretch) ? Array.from(segmenter.segment(stretch), ({ segment }) => segment) : [stretch],
  );
  for (const cut of cuts) {
    const wordlike = WORDLIKE.test(cut);
    if (!wordlike && OPENING.test(cut)) opening += cut;
    else if (!wordlike && !opening && pieces.length > 0) pieces[pieces.length - 1] += cut;
    else {
      pieces.push(opening + cut);
      opening = '';
    }
  }
  if (opening) pieces.push(opening);
  return pieces;
}

/** A segment's first word has no space before it in a script without spaces; elsewhere a new segment is a new word. */
function touches(previous: Word | undefined, text: string): boolean {
  const before = previous ? Array.from(previous.text).at(-1) : undefined;
  return SPACELESS.test(Array.from(text)[0] as string) || (before !== undefined && SPACELESS.test(before));
}

function meanProbability(chars: readonly Char[]): number {
  const tokens = new Set(chars.map((char) => char.token));
  let sum = 0;
  for (const token of tokens) sum += token.probability;
  return Math.round((sum / tokens.size) * 10_000) / 10_000;
}

function inOrder(words: Word[], durationMs: number): Word[] {
  let last = 0;
  return words.map((word) => {
    const startMs = Math.min(durationMs, Math.max(last, Math.round(word.startMs)));
    const endMs = Math.min(durationMs, Math.max(startMs, Math.round(word.endMs)));
    last = startMs;
    return { ...word, startMs, endMs };
  });
}
