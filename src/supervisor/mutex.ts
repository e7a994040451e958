/** Lets one piece of work run at a time, in the order in which they asked. */
export class Mutex {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs the work when all before it are over. @returns what it returns */
  hold<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    // A failure is its own caller's; the next in line goes on.
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}
