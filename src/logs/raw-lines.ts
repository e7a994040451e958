import { StringDecoder } from 'node:string_decoder';
import { cutLine, MAX_LINE_CHARACTERS, printable, visible, visibleLines } from './printable.ts';
import type { Redactor } from './redact.ts';

/** What is kept of a line that does not end: more than is shown of it, since hiding secrets may make it shorter. */
const HELD_CHARACTERS = 2 * MAX_LINE_CHARACTERS;
const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** Any text as one line without secrets and control characters, cut where it is too long. */
export function cleanLine(redact: Redactor, text: string): string {
  if (text.length <= HELD_CHARACTERS) return printable(redact(text));
  return cutLine(visible(redact(text.slice(0, HELD_CHARACTERS), true)), text.length - HELD_CHARACTERS);
}

/**
 * Makes clean lines of the bytes that a program prints, whatever they are and however they come: what is no UTF-8 becomes
 * U+FFFD, a carriage return ends a line as a newline does, and of a line without an end only its beginning is kept.
 *
 * Secrets are looked for in whole lines, so it does not matter where the bytes were split.
 */
export class RawLines {
  readonly #redact: Redactor;
  #decoder = new StringDecoder('utf8');
  /** The line that has not ended yet. */
  #held = '';
  /** Bytes of it that were passed over since it became too long; undefined: it did not. */
  #passedOver: number | undefined;
  #afterCarriageReturn = false;

  constructor(redact: Redactor) {
    this.#redact = redact;
  }

  /**
   * @param prefix what each line begins with
   * @returns the lines that are whole now, each with its newline
   */
  push(chunk: Buffer, prefix: string): string {
    let bytes = this.#withoutHalfALineEnd(chunk);
    let lines = '';
    if (this.#passedOver !== undefined) {
      const end = endOfLine(bytes);
      if (end < 0) {
        this.#passedOver += bytes.length;
        return '';
      }
      this.#passedOver += end;
      lines = this.end(prefix);
      bytes = bytes.subarray(end + (bytes[end] === CARRIAGE_RETURN && bytes[end + 1] === NEWLINE ? 2 : 1));
    }
    const text = withNewlines(this.#decoder.write(bytes));
    const rest = text.lastIndexOf('\n') + 1;
    if (rest > 0) {
      lines += this.#clean(this.#held + text.slice(0, rest), prefix);
      this.#held = '';
    }
    this.#hold(text.slice(rest));
    return lines;
  }

  /** The last line, which has no end; empty when there is none. */
  end(prefix: string): string {
    const text = this.#redact(this.#held + this.#decoder.end(), true);
    const leftOut = this.#passedOver ?? 0;
    this.#decoder = new StringDecoder('utf8');
    this.#held = '';
    this.#passedOver = undefined;
    return text === '' ? '' : `${prefix}${cutLine(visible(text), leftOut)}\n`;
  }

  #hold(text: string): void {
    this.#held += text;
    if (this.#held.length <= HELD_CHARACTERS) return;
    this.#passedOver = this.#held.length - HELD_CHARACTERS;
    this.#held = this.#held.slice(0, HELD_CHARACTERS);
    this.#decoder = new StringDecoder('utf8');
  }

  #clean(text: string, prefix: string): string {
    const shown = visibleLines(this.#redact(text));
    return withPrefix(hasLongLine(shown) ? withLinesCut(shown) : shown, prefix);
  }

  /** Of `\r\n` that was split the second half is dropped: the first has ended the line. */
  #withoutHalfALineEnd(chunk: Buffer): Buffer {
    const bytes = this.#afterCarriageReturn && chunk[0] === NEWLINE ? chunk.subarray(1) : chunk;
    if (chunk.length > 0) this.#afterCarriageReturn = chunk[chunk.length - 1] === CARRIAGE_RETURN;
    return bytes;
  }
}

function endOfLine(bytes: Buffer): number {
  const newline = bytes.indexOf(NEWLINE);
  const carriageReturn = (newline < 0 ? bytes : bytes.subarray(0, newline)).indexOf(CARRIAGE_RETURN);
  return carriageReturn < 0 ? newline : carriageReturn;
}

function withNewlines(text: string): string {
  return text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text;
}

function hasLongLine(text: string): boolean {
  let from = 0;
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
    if (end - from > MAX_LINE_CHARACTERS) return true;
    from = end + 1;
  }
  return false;
}

function withLinesCut(text: string): string {
  return text
    .split('\n')
    .map((line) => cutLine(line))
    .join('\n');
}

/** In one piece: joined line by line, a flood would keep the garbage collector busier than the disk. */
function withPrefix(lines: string, prefix: string): string {
  return `${prefix}${lines.slice(0, -1).replace(/\n/g, `\n${prefix.replaceAll('$', '$$$$')}`)}\n`;
}
