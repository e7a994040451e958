import type { FastifyRequest } from 'fastify';
import { reportOf } from '../../domain/errors.ts';
import { onCredentialsChange } from '../../jobs/credentials.ts';
import type { ApiContext } from '../context.ts';
import type { Heartbeat } from './heartbeat.ts';

interface Visit {
  isStillIn: NonNullable<FastifyRequest['isStillIn']>;
  cut(sentence: string): void;
}

/**
 * What stays open behind its request: streams of events, sockets, logs that are followed. A door is passed once, so each is
 * looked at again whenever users, keys or sessions have changed, and with each heartbeat, since a session also ends by time.
 */
export class Visits {
  readonly #heartbeat: Heartbeat;
  readonly #visits = new Set<Visit>();
  readonly #forgetChanges: () => void;
  #endBeat: (() => void) | undefined;
  #isLooking = false;
  #mustLook = false;

  constructor(store: ApiContext['store'], heartbeat: Heartbeat) {
    this.#heartbeat = heartbeat;
    this.#forgetChanges = onCredentialsChange(store, () => this.#look());
  }

  /**
   * @param cut ends it, with the reason: whoever opened it may not come in any more
   * @returns a function that says that it is over
   */
  add({ isStillIn }: FastifyRequest, cut: (sentence: string) => void): () => void {
    if (!isStillIn) return () => undefined;
    const visit = { isStillIn, cut };
    this.#visits.add(visit);
    this.#endBeat ??= this.#heartbeat.add(null, () => this.#look());
    // It may have changed between the door and here.
    void this.#lookAt(visit);
    return () => {
      this.#visits.delete(visit);
      if (this.#visits.size === 0) this.#rest();
    };
  }

  close(): void {
    this.#forgetChanges();
    this.#visits.clear();
    this.#rest();
  }

  #rest(): void {
    this.#endBeat?.();
    this.#endBeat = undefined;
  }

  #look(): void {
    this.#mustLook = true;
    if (!this.#isLooking) void this.#lookAtAll();
  }

  /** One after the other: who came with the same key is looked up once. Never rejects. */
  async #lookAtAll(): Promise<void> {
    this.#isLooking = true;
    while (this.#mustLook) {
      this.#mustLook = false;
      for (const visit of [...this.#visits]) await this.#lookAt(visit);
    }
    this.#isLooking = false;
  }

  /** Nobody stays because it cannot be found out; the client comes again. Never rejects. */
  async #lookAt(visit: Visit): Promise<void> {
    const why = await visit.isStillIn().then(
      (isIn) => (isIn ? undefined : 'Whoever opened this may not come in any more: sign in again, or use another key.'),
      (error) => reportOf(error).message,
    );
    if (why !== undefined && this.#visits.delete(visit)) visit.cut(why);
  }
}
