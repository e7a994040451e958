/**
 * Leaves a remote service alone that fails again and again, so that it does not hold up others and is not run down when it
 * comes back.
 *
 * After five failures in a row it rests for a minute, then one call is let through; each further failure doubles the rest,
 * up to half an hour. One success makes all forgotten. Whoever calls sees to it that there is one call at a time.
 */
const FAILURES = 5;
const FIRST_REST_MS = 60_000;
const LONGEST_REST_MS = 30 * 60_000;
/** What was not called for so long is forgotten. */
const FORGET_AFTER_MS = 24 * 3_600_000;

interface Trouble {
  failures: number;
  lastAt: number;
  restsUntil: number;
}

export class CircuitBreaker {
  readonly #now: () => number;
  readonly #troubles = new Map<string, Trouble>();

  /** @param now milliseconds since the epoch */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** The services that rest, with the moment until which they do. */
  resting(): Map<string, number> {
    const now = this.#now();
    const resting = [...this.#troubles].filter(([, { restsUntil }]) => restsUntil > now);
    return new Map(resting.map(([service, { restsUntil }]) => [service, restsUntil]));
  }

  succeeded(service: string): void {
    this.#troubles.delete(service);
  }

  failed(service: string): void {
    this.#note(service, (this.#troubles.get(service)?.failures ?? 0) + 1);
  }

  /** Lets it rest now, whatever went before. */
  trip(service: string): void {
    this.#note(service, Math.max(FAILURES, (this.#troubles.get(service)?.failures ?? 0) + 1));
  }

  #note(service: string, failures: number): void {
    const now = this.#now();
    for (const [name, { lastAt }] of this.#troubles) if (now - lastAt > FORGET_AFTER_MS) this.#troubles.delete(name);
    const restMs = Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** (failures - FAILURES));
    this.#troubles.set(service, { failures, lastAt: now, restsUntil: failures < FAILURES ? 0 : now + restMs });
  }
}
