import type { Socket } from 'node:net';
import type { Clock } from '../../domain/clock.ts';
import { unacknowledgedBytes } from './unacknowledged.ts';

/** So that nobody between us and the client takes silence for death. */
export const HEARTBEAT_MS = 15_000;

/** @param unacknowledged bytes that the system holds because they have not reached the client */
export type Beat = (unacknowledged: number) => void;

/** One beat for all streams: a timer for each would be one more thing to pay for with every client. */
export class Heartbeat {
  readonly #clock: Clock;
  readonly #beats = new Map<Beat, Socket | null>();
  #stop: AbortController | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @returns a function that ends it */
  add(socket: Socket | null, beat: Beat): () => void {
    this.#beats.set(beat, socket);
    if (!this.#stop) this.#start();
    return () => {
      this.#beats.delete(beat);
      if (this.#beats.size > 0) return;
      this.#stop?.abort();
      this.#stop = undefined;
    };
  }

  #start(): void {
    const stop = new AbortController();
    this.#stop = stop;
    this.#keepBeating(stop.signal).catch((error) => {
      if (!stop.signal.aborted) throw error;
    });
  }

  async #keepBeating(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#clock.sleep(HEARTBEAT_MS, signal);
      const of = unacknowledgedBytes();
      for (const [beat, socket] of [...this.#beats]) beat(socket ? of(socket) : 0);
    }
  }
}
