/** Lets those through who wait, once a condition holds. */
export class Gate {
  readonly #isOpen: () => boolean;
  #waiting: (() => void)[] = [];

  constructor(isOpen: () => boolean) {
    this.#isOpen = isOpen;
  }

  check(): void {
    if (!this.#isOpen()) return;
    for (const letThrough of this.#waiting.splice(0)) letThrough();
  }

  opened(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.check();
    });
  }
}
