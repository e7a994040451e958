import type { Clock } from '../../domain/clock.ts';

/** When a page was closed is of interest for no longer than this. */
const REMEMBERED_MS = 10 * 60_000;

/** Which pages are open: those that have a stream. */
export class Presence {
  readonly #clock: Clock;
  readonly #streams = new Map<string, number>();
  /** The one that was closed first comes first. */
  readonly #closedAt = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A page has opened a stream. @returns a function that says that it is closed */
  enter(page: string): () => void {
    this.#streams.set(page, (this.#streams.get(page) ?? 0) + 1);
    return () => {
      const left = (this.#streams.get(page) ?? 0) - 1;
      if (left > 0) this.#streams.set(page, left);
      else this.#leave(page);
    };
  }

  isOpen(page: string): boolean {
    return this.#streams.has(page);
  }

  /** When its last stream was closed, by the clock's `monotonicMs`; undefined when it is open, or was not seen for long. */
  closedAt(page: string): number | undefined {
    return this.isOpen(page) ? undefined : this.#closedAt.get(page);
  }

  #leave(page: string): void {
    const now = this.#clock.monotonicMs();
    this.#streams.delete(page);
    this.#closedAt.delete(page);
    this.#closedAt.set(page, now);
    for (const [other, at] of this.#closedAt) {
      if (now - at <= REMEMBERED_MS) return;
      this.#closedAt.delete(other);
    }
  }
}

/** The page that a user's client calls itself; another user's page of the same name is another one. */
export function pageOf(userId: string | null, clientId: string | null): string {
  return JSON.stringify([userId, clientId]);
}
