import type { Store } from './store.ts';

class TakenBack extends Error {}

/**
 * Finds out whether the database takes changes: makes one and takes it back, so that nothing is left.
 * @throws what the database says when it does not: a read-only file, a server that is away, a writer that never ends
 */
export async function tryWriting(store: Store): Promise<void> {
  try {
    await store.db.transaction().execute(async (trx) => {
      // No file has such a path.
      await trx
        .insertInto('watched_files')
        .values({ path: '', bytes: 0, modified_ms: 0, job_id: null, at: 0 })
        .execute();
      throw new TakenBack();
    });
  } catch (error) {
    if (!(error instanceof TakenBack)) throw error;
  }
}
