/**
 * Which jobs somebody waits for. Several may wait for the same one, in several terminals: it is worked on as long as one
 * of them does.
 */
export class Wishes {
  readonly #counts = new Map<number, number>();

  get isEmpty(): boolean {
    return this.#counts.size === 0;
  }

  /** Each job once. */
  get jobIds(): number[] {
    return [...this.#counts.keys()];
  }

  /** One more waits for it. */
  add(jobId: number): void {
    this.#counts.set(jobId, (this.#counts.get(jobId) ?? 0) + 1);
  }

  /** One of them does not any more. @returns whether nobody is left */
  withdraw(jobId: number): boolean {
    const left = (this.#counts.get(jobId) ?? 0) - 1;
    if (left > 0) this.#counts.set(jobId, left);
    else this.#counts.delete(jobId);
    return left <= 0;
  }

  /** There is nothing left to wait for. */
  forget(jobId: number): void {
    this.#counts.delete(jobId);
  }
}
