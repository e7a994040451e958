/** One at a time, in the order in which they ask. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  hold<R>(work: () => Promise<R>): Promise<R> {
    const mine = this.#last.then(work);
    // How it went is told to whoever asked; the next one has its turn anyway.
    this.#last = mine.catch(() => undefined);
    return mine;
  }
}
