import { wakeReaders } from './event-readers.ts';
import { lostToAnother } from './postgres-errors.ts';
import type { Store, Trx } from './store.ts';

/** Who loses a deadlock has the way free at the next try; losing so often in a row is worth a sentence. */
const TRIES = 5;

/**
 * Does the work in one transaction: all of it or nothing. On PostgreSQL one that had to give way to another, and was rolled
 * back whole, is done again from its beginning; so the work must not touch anything but the transaction.
 * @throws whatever the work throws, and what the database says when it cannot be committed
 */
export async function inTransaction<T>(store: Store, work: (trx: Trx) => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    try {
      const { trx, result } = await store.db.transaction().execute(async (trx) => ({ trx, result: await work(trx) }));
      wakeReaders(store, trx);
      return result;
    } catch (error) {
      if (tried === TRIES || !lostToAnother(error)) throw error;
    }
  }
}
