/**
 * Chance that can be repeated: the same seed and the same stream give the same numbers.
 *
 * The generator is mulberry32 (Tommy Ettinger, public domain). Each step of the chaos run has a stream of its own, so that
 * what one step draws, which may depend on the moment, does not shift what all later ones draw.
 */
export class Dice {
  #state: number;

  constructor(seed: number, stream: number) {
    this.#state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(stream + 1, 0x85ebca6b)) >>> 0;
  }

  /** 0 or more, below 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  /** True in so many of 100 throws. */
  percent(share: number): boolean {
    return this.next() * 100 < share;
  }

  /** One of them. Undefined when there is none; a number is drawn all the same. */
  pick<T>(items: readonly T[]): T | undefined {
    return items[Math.floor(this.next() * items.length)];
  }

  /** All of them in an order in which heavier ones tend to come first. */
  order<T extends { weight: number }>(items: readonly T[]): T[] {
    // Efraimidis and Spirakis 2006, "Weighted random sampling with a reservoir": sort by u^(1/w).
    const keyed = items.map((item) => ({ item, key: this.next() ** (1 / item.weight) }));
    return keyed.sort((a, b) => b.key - a.key).map(({ item }) => item);
  }
}
