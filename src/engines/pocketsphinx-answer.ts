/**
 * PocketSphinx's answer to one slice: a line of words (`-hyp`) and a line for each of them with its time (`-ctm`).
 *
 *     the quick (u7 -4420)              words, then utterance id and score
 *     u7 1 0.15 0.11 the 0.788          id, channel, start and length in seconds, word, confidence
 *
 * The hyp line is written first, and nothing ends the ctm lines, so their number must reach that of the words.
 */
import { EngineError } from '../domain/errors.ts';
import type { Word } from '../transcript/transcript.ts';

/** Sentence marks, silence and noises: `<s>`, `</s>`, `<sil>`, `[NOISE]`, `++BREATH++`. */
const FILLER = /^(<.*>|\[.*\]|\+\+.*\+\+)$/;
/** The second way in which a word is pronounced is written `read(2)`. */
const PRONUNCIATION = /\(\d+\)$/;
/** Times are rounded to 10 ms frames, and the last frame is padded. */
const TIME_TOLERANCE_MS = 50;

export class PocketSphinxAnswer {
  readonly #id: string;
  readonly #durationMs: number;
  #expected: string[] | undefined;
  readonly #words: Word[] = [];

  constructor(id: string, durationMs: number) {
    this.#id = id;
    this.#durationMs = durationMs;
  }

  /** @throws EngineError when the line is not one, or answers something else. */
  addHypothesis(line: string): void {
    const parts = /^(.*?) ?\((\S+) -?\d+\)$/.exec(line);
    if (!parts || parts[2] !== this.#id || this.#expected) throw this.#invalid('hyp', line);
    this.#expected = parts[1]!
      .split(' ')
      .filter((word) => word !== '' && !FILLER.test(word))
      .map(clean);
  }

  /** @throws EngineError when the line is not one, answers something else, or lies outside the slice. */
  addTime(line: string): void {
    const parts = /^(\S+) \S+ (\d+\.\d+) (\d+\.\d+) (\S+) (\d+\.\d+(?:e[+-]\d+)?)$/.exec(line);
    if (!parts || parts[1] !== this.#id) throw this.#invalid('ctm', line);
    const startMs = Math.round(Number(parts[2]) * 1000);
    const endMs = startMs + Math.round(Number(parts[3]) * 1000);
    const earliest = this.#words.at(-1)?.startMs ?? 0;
    if (startMs < earliest || endMs > this.#durationMs + TIME_TOLERANCE_MS) throw this.#invalid('ctm', line);
    if (FILLER.test(parts[4]!)) return;
    this.#words.push({
      text: clean(parts[4]!),
      startMs: Math.min(startMs, this.#durationMs),
      endMs: Math.min(endMs, this.#durationMs),
      confidence: Math.min(1, Number(parts[5])), // A posterior, in which rounding can exceed 1.
    });
  }

  /**
   * The words, once they are all there.
   * @throws EngineError when the two outputs name different words.
   */
  complete(): Word[] | undefined {
    if (!this.#expected || this.#words.length < this.#expected.length) return undefined;
    const differs = this.#words.findIndex((word, i) => word.text !== this.#expected![i]);
    if (differs >= 0) throw this.#invalid('ctm', this.#words[differs]!.text);
    return this.#words;
  }

  /** The error for an answer that ended too early. */
  incomplete(): EngineError {
    const words = this.#expected ? `${this.#expected.length} words` : 'no line of words';
    return new EngineError(`PocketSphinx gave ${words} but ${this.#words.length} times for a chunk.`);
  }

  #invalid(output: string, line: string): EngineError {
    return new EngineError(`PocketSphinx gave an answer that is not one (${output}).`, {
      evidence: `Waiting for ${this.#id}, got ${JSON.stringify(line.slice(0, 500))}.`,
    });
  }
}

function clean(word: string): string {
  return word.replace(PRONUNCIATION, '');
}
