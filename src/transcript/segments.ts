/** Groups words into segments: what is shown together as one subtitle or one line of the transcript. */
import type { Segment, Word } from './transcript.ts';

/** A pause this long ends a segment. */
const PAUSE_MS = 600;
/** Two lines of 42 characters, and 7 seconds: the usual limits of a subtitle (BBC and Netflix subtitle guidelines). */
const MAX_CHARACTERS = 84;
const MAX_MS = 7_000;

/**
 * Splits words at the ends of sentences and at pauses, and what is still too long for a subtitle at the best place inside:
 * a comma or a breath near the middle. Every word is in exactly one segment, in order.
 *
 * @param words of the whole recording, absolute times in milliseconds, in order.
 */
export function segmentWords(words: readonly Word[]): Segment[] {
  return phrases(words).flatMap(fitting).map(segment);
}

/** The text of words in a row: a space before each word that does not join the one in front of it. */
export function joinWords(words: readonly Word[]): string {
  return words.map((word, index) => (index === 0 || word.joinsPrevious ? word.text : ` ${word.text}`)).join('');
}

function segment(words: Word[]): Segment {
  return { startMs: words[0]!.startMs, endMs: words.at(-1)!.endMs, text: joinWords(words), words };
}

function phrases(words: readonly Word[]): Word[][] {
  const phrases: Word[][] = [];
  let before: Word | undefined;
  for (const word of words) {
    if (!before || endsSentence(before) || word.startMs - before.endMs >= PAUSE_MS) phrases.push([]);
    phrases.at(-1)!.push(word);
    before = word;
  }
  return phrases;
}

function fitting(words: Word[]): Word[][] {
  const lasts = words.at(-1)!.endMs - words[0]!.startMs;
  if (words.length === 1 || (lasts <= MAX_MS && joinWords(words).length <= MAX_CHARACTERS)) return [words];
  const at = bestBreak(words);
  return [...fitting(words.slice(0, at)), ...fitting(words.slice(at))];
}

/** The index of the word that starts the second part. */
function bestBreak(words: Word[]): number {
  const total = joinWords(words).length;
  let best = 1;
  let bestScore = Number.NEGATIVE_INFINITY;
  let characters = 0;
  for (let at = 1; at < words.length; at += 1) {
    const before = words[at - 1]!;
    const word = words[at]!;
    characters += before.text.length + (word.joinsPrevious ? 0 : 1);
    const offMiddle = Math.abs(characters / total - 0.5);
    const breath = Math.min(word.startMs - before.endMs, PAUSE_MS) / PAUSE_MS;
    const score = breath + (endsClause(before) ? 0.5 : 0) - offMiddle * 2;
    if (score > bestScore) [best, bestScore] = [at, score];
  }
  return best;
}

const SENTENCE_END = /[.!?…。！？]["'”’»)\]]*$/u;
const CLAUSE_END = /[,;:—–،、，；：]["'”’»)\]]*$/u;
/** A full stop that ends no sentence: titles, and single letters as in 'J. F. Kennedy' or 'e.g.'. */
const ABBREVIATION = /^["'“‘«([]*(?:mr|mrs|ms|dr|prof|st|no|vs|(?:\p{L}\.)*\p{L})\.$/iu;

function endsSentence({ text }: Word): boolean {
  return SENTENCE_END.test(text) && !ABBREVIATION.test(text);
}

function endsClause({ text }: Word): boolean {
  return CLAUSE_END.test(text);
}
