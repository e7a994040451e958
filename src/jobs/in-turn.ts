/** Lets one piece of work for the same thing run at a time, in the order in which they asked. */
export class InTurn {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Runs the work when all before it for this key are over. @returns what it returns */
  async hold<T>(key: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.#last.get(key) ?? Promise.resolve()).then(work);
    // A failure is its own caller's; the next in line goes on.
    const over = turn.catch(() => undefined);
    this.#last.set(key, over);
    try {
      return await turn;
    } finally {
      if (this.#last.get(key) === over) this.#last.delete(key);
    }
  }
}
