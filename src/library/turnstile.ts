/** Lets as many through at a time as there is room for; the others wait in their order. */
export class Turnstile {
  #inside = 0;
  readonly #waiting: { limit: number; enter(): void }[] = [];

  /**
   * Resolves when there is room.
   * @param limit how many may be inside, this one included
   * @returns a function that leaves; calling it again does nothing
   * @throws the signal's reason when it aborts first
   */
  async enter(limit: number, signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted();
    if (this.#waiting.length > 0 || this.#inside >= limit) await this.#wait(limit, signal);
    else this.#inside += 1;
    let inside = true;
    return () => {
      if (!inside) return;
      inside = false;
      this.#inside -= 1;
      this.#admit();
    };
  }

  #wait(limit: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const place = {
        limit,
        enter: () => {
          signal?.removeEventListener('abort', giveUp);
          resolve();
        },
      };
      const giveUp = () => {
        this.#waiting.splice(this.#waiting.indexOf(place), 1);
        reject(signal?.reason);
        // Who stood behind may have another limit.
        this.#admit();
      };
      this.#waiting.push(place);
      signal?.addEventListener('abort', giveUp, { once: true });
    });
  }

  #admit(): void {
    for (let next = this.#waiting[0]; next && this.#inside < next.limit; next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#inside += 1;
      next.enter();
    }
  }
}
