import type { Compilable, Kysely } from 'kysely';
import type { AtOnce } from '../domain/at-once.ts';
import { compiled } from './compiled.ts';
import type { Database } from './schema.ts';
import type { Store } from './store.ts';

/**
 * A question for one row by its number, for what every request asks: SQLite answers at once where it can.
 * @param build makes the query, whose only value is the number
 */
export function rowById<Row>(
  build: (db: Kysely<Database>, given: { id: number }) => Compilable<Row>,
): (store: Store, id: number) => AtOnce<Readonly<Row> | undefined> {
  const ask = compiled(build);
  /** SQLite's words are the same for every database. */
  let text: string | undefined;

  return (store, id) => {
    if (store.dialect === 'sqlite') {
      text ??= build(store.db, { id }).compile().sql;
      const found = store.committedRows.find<Row>(text, id);
      if (found) return found.row;
    }
    return ask(store.db, { id }).then(({ rows }) => rows[0]);
  };
}
