const NEWLINE = 0x0a;
/** What waits is kept in blocks of this size, each of which is handed to the file at once. */
const BLOCK_BYTES = 1024 * 1024;
/** Enough for the few lines of a job that nothing is wrong with. */
const FIRST_BLOCK_BYTES = 16 * 1024;

interface Block {
  buffer: Buffer;
  /** The bytes that wait in it. */
  start: number;
  end: number;
}

/**
 * Lines that wait to be written, in memory and therefore only so many: what comes while they are too many is missing in
 * the log. How many lines are missing is told at the place where they would have been.
 */
export class WaitingLines {
  readonly #notice: (missingLines: number) => string;
  #blocks: Block[] = [];
  #spare: Buffer | undefined;
  #bytes = 0;
  /** Not told yet. */
  #missing = 0;
  #missingInAll = 0;

  /** @param notice the line that tells how many are missing */
  constructor(notice: (missingLines: number) => string) {
    this.#notice = notice;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** How many lines there was no room for, or were given up. */
  get missingLines(): number {
    return this.#missingInAll;
  }

  /**
   * @param lines whole lines
   * @param limitBytes most that may wait, these included
   * @returns whether there was room for them
   */
  add(lines: string, limitBytes: number): boolean {
    if (this.#bytes + Buffer.byteLength(lines) > limitBytes) {
      this.#lose(Buffer.from(lines));
      return false;
    }
    this.tellMissing();
    this.#add(lines);
    return true;
  }

  /** Puts the notice of what is missing behind what waits, if anything is. */
  tellMissing(): void {
    if (this.#missing === 0) return;
    this.#add(this.#notice(this.#missing));
    this.#missing = 0;
  }

  /** The oldest of them, not taken away yet. What is added meanwhile does not change it. */
  oldest(): Buffer {
    const [block] = this.#blocks;
    return block ? block.buffer.subarray(block.start, block.end) : Buffer.alloc(0);
  }

  /** Takes the oldest away. @param bytes whole lines, from the beginning of what `oldest` returned */
  remove(bytes: number): void {
    const [block] = this.#blocks;
    if (!block) return;
    this.#bytes -= bytes;
    block.start += bytes;
    if (block.start === block.end) this.#reuse(block);
  }

  /** Gives all of them up. */
  giveUp(): void {
    for (const { buffer, start, end } of this.#blocks) this.#lose(buffer.subarray(start, end));
    this.#blocks = [];
    this.#spare = undefined;
    this.#bytes = 0;
  }

  /** An empty block is filled again, so that a flood makes no garbage. */
  #reuse(block: Block): void {
    block.start = 0;
    block.end = 0;
    if (this.#blocks.length === 1 && block.buffer.length <= BLOCK_BYTES) return;
    this.#blocks.shift();
    if (block.buffer.length === BLOCK_BYTES) this.#spare = block.buffer;
  }

  #add(lines: string): void {
    const bytes = Buffer.byteLength(lines);
    const block = this.#blockWithRoom(bytes);
    block.buffer.write(lines, block.end);
    block.end += bytes;
    this.#bytes += bytes;
  }

  #blockWithRoom(bytes: number): Block {
    const last = this.#blocks.at(-1);
    if (last && last.end + bytes <= last.buffer.length) return last;
    if (last?.end === 0) this.#blocks.pop();
    const usualBytes = last ? BLOCK_BYTES : FIRST_BLOCK_BYTES;
    const block = {
      buffer: this.#takeSpare(bytes) ?? Buffer.allocUnsafeSlow(Math.max(usualBytes, bytes)),
      start: 0,
      end: 0,
    };
    this.#blocks.push(block);
    return block;
  }

  #takeSpare(bytes: number): Buffer | undefined {
    if (bytes > BLOCK_BYTES) return undefined;
    const spare = this.#spare;
    this.#spare = undefined;
    return spare;
  }

  #lose(lines: Buffer): void {
    let count = 0;
    for (let at = lines.indexOf(NEWLINE); at >= 0; at = lines.indexOf(NEWLINE, at + 1)) count += 1;
    this.#missing += count;
    this.#missingInAll += count;
  }
}
