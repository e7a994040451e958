import { randomUUID } from 'node:crypto';
import type { PostgresStore } from './store.ts';

/**
 * Does the work in a new, empty schema of the same database, which is gone afterwards, with what is still in it.
 * @param label begins its name
 */
export async function inNewSchema<T>(
  store: PostgresStore,
  label: string,
  work: (inside: PostgresStore, schema: string) => Promise<T>,
): Promise<T> {
  const schema = `${label}_${randomUUID().slice(0, 8)}`;
  await store.db.schema.createSchema(schema).execute();
  try {
    const inside = await store.inSchema(schema);
    try {
      return await work(inside, schema);
    } finally {
      await inside.close();
    }
  } finally {
    await store.db.schema.dropSchema(schema).ifExists().cascade().execute();
  }
}
