/**
 * What a runner says in messages may go on a little when the limit is reached: a flood on its standard error does not
 * silence the news of the job.
 */
const MESSAGE_SHARE = 1 / 8;

/** How much programs may print into one log, and how much of it was left out. */
export class OutputLimit {
  readonly #limitBytes: number;
  #usedBytes = 0;
  #leftOutBytes = 0;

  /** @param limitBytes as it stands in the log, times and all: what the disk has to hold */
  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get limitBytes(): number {
    return this.#limitBytes;
  }

  get leftOutBytes(): number {
    return this.#leftOutBytes;
  }

  /** Nothing more of what programs print is written. */
  get isReached(): boolean {
    return this.#leftOutBytes > 0;
  }

  /** @param lines whole lines @returns those there is room for; the rest counts as left out */
  take(lines: string): string {
    const bytes = Buffer.byteLength(lines);
    const roomBytes = this.isReached ? 0 : this.#limitBytes - this.#usedBytes;
    if (bytes <= roomBytes) {
      this.#usedBytes += bytes;
      return lines;
    }
    const encoded = Buffer.from(lines);
    const fittingBytes = encoded.subarray(0, Math.max(0, roomBytes)).lastIndexOf('\n') + 1;
    this.#usedBytes += fittingBytes;
    this.leaveOut(bytes - fittingBytes);
    return encoded.toString('utf8', 0, fittingBytes);
  }

  leaveOut(bytes: number): void {
    this.#leftOutBytes += bytes;
  }

  /** @returns whether there is room for a message of this size, which counts then */
  takeMessage(bytes: number): boolean {
    const fits = this.#usedBytes + bytes <= this.#limitBytes * (1 + MESSAGE_SHARE);
    if (fits) this.#usedBytes += bytes;
    else this.leaveOut(bytes);
    return fits;
  }
}
