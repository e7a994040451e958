import type { Lock, Locker, RequestRelease } from '@tus/server';

/** Who waits longer is told to come again: whoever holds it does not let go. */
const PATIENCE_MS = 30_000;
const BUSY = { status_code: 423, body: 'Another request works on this upload. Try again.\n' };

interface Holder {
  /** Asks it to come to an end: it may be a connection that broke without a word. */
  requestRelease: RequestRelease;
  /** In the order in which they came. */
  waiting: (() => void)[];
}

/** One request at a time for each upload. Those that wait sleep until they are woken. */
export class UploadLocker implements Locker {
  readonly #holders = new Map<string, Holder>();

  newLock(id: string): Lock {
    return {
      lock: (signal, requestRelease) => this.#lock(id, signal, requestRelease),
      unlock: async () => this.#unlock(id),
    };
  }

  async #lock(id: string, signal: AbortSignal, requestRelease: RequestRelease): Promise<void> {
    const patience = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
    for (let holder = this.#holders.get(id); holder; holder = this.#holders.get(id)) {
      await holder.requestRelease();
      await this.#turn(holder, patience);
    }
    this.#holders.set(id, { requestRelease, waiting: [] });
  }

  #turn({ waiting }: Holder, patience: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const giveUp = () => reject(BUSY);
      if (patience.aborted) return giveUp();
      patience.addEventListener('abort', giveUp, { once: true });
      waiting.push(() => {
        patience.removeEventListener('abort', giveUp);
        resolve();
      });
    });
  }

  #unlock(id: string): void {
    const holder = this.#holders.get(id);
    this.#holders.delete(id);
    // The first of them takes it; the others find it taken and wait on.
    for (const wake of holder?.waiting ?? []) wake();
  }
}
