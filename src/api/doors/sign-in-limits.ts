import { isIPv6 } from 'node:net';
import type { Clock } from '../../domain/clock.ts';
import { TooManyTriesError } from './errors.ts';
import { withoutZone } from './loopback.ts';

const WINDOW_MS = 15 * 60_000;
/** Wrong passwords in that time, after which nobody is heard. */
const TRIES_PER_ADDRESS = 10;
/** More, because whoever knows a name could keep its owner out. */
const TRIES_PER_NAME = 30;
/** The oldest are forgotten beyond that. */
const MOST_KEPT = 10_000;

interface Tries {
  count: number;
  since: number;
}

/** Counts tries to sign in, by address and by name. */
export class SignInLimits {
  readonly #clock: Clock;
  readonly #tries = new Map<string, Tries>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Counts a try, before the password is looked at: many at once count as many.
   * @returns to be called when the password was right; those that were wrong before still count
   * @throws TooManyTriesError
   */
  begin(address: string, name: string): () => void {
    const counted = [
      { key: `address ${networkOf(address)}`, most: TRIES_PER_ADDRESS },
      { key: `name ${name}`, most: TRIES_PER_NAME },
    ];
    const now = this.#clock.monotonicMs();
    const waits = counted.map(({ key, most }) => this.#waitMs(key, most, now));
    const wait = Math.max(...waits);
    if (wait > 0) throw new TooManyTriesError(Math.ceil(wait / 1000));
    for (const { key } of counted) this.#count(key, now);
    return () => {
      for (const { key } of counted) this.#takeBack(key);
    };
  }

  #waitMs(key: string, most: number, now: number): number {
    const tries = this.#tries.get(key);
    if (!tries || tries.count < most) return 0;
    return Math.max(0, tries.since + WINDOW_MS - now);
  }

  #count(key: string, now: number): void {
    const before = this.#tries.get(key);
    const goesOn = before && now - before.since < WINDOW_MS;
    this.#tries.delete(key);
    this.#tries.set(key, goesOn ? { since: before.since, count: before.count + 1 } : { count: 1, since: now });
    if (this.#tries.size <= MOST_KEPT) return;
    const [oldest] = this.#tries.keys();
    if (oldest !== undefined) this.#tries.delete(oldest);
  }

  #takeBack(key: string): void {
    const tries = this.#tries.get(key);
    if (tries) tries.count -= 1;
  }
}

/** Of IPv6 the half that a provider gives to one customer: the rest costs nothing to change. */
function networkOf(address: string): string {
  const bare = withoutZone(address);
  if (!isIPv6(bare)) return bare;
  const [head = '', tail] = bare.split('::');
  const groups = head.split(':').filter(Boolean);
  const missing = tail === undefined ? 0 : 8 - groups.length - tail.split(':').filter(Boolean).length;
  return [...groups, ...Array<string>(missing).fill('0'), ...(tail ?? '').split(':')].slice(0, 4).join(':');
}
