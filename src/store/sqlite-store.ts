import type Database from 'better-sqlite3';
import type { Kysely } from 'kysely';
import type { Clock } from '../domain/clock.ts';
import { CommittedRows } from './committed-rows.ts';
import type { Database as Tables } from './schema.ts';
import type { SqliteStore } from './store.ts';

/** A store over an open SQLite database, which it closes once. */
export function sqliteStore({
  db,
  database,
  file,
  clock,
}: {
  db: Kysely<Tables>;
  database: Database.Database;
  file: string;
  clock: Clock;
}): SqliteStore {
  const close = async () => {
    await db.destroy();
    // Kysely closes only what it used.
    if (database.open) database.close();
  };
  let closing: Promise<void> | undefined;
  return {
    db,
    dialect: 'sqlite',
    committedRows: new CommittedRows(database, clock),
    clock,
    name: file,
    file,
    close() {
      closing ??= close();
      return closing;
    },
  };
}
