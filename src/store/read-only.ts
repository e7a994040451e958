import Database from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';
import type { Clock } from '../domain/clock.ts';
import type { Database as Tables } from './schema.ts';
import { explained } from './sqlite-errors.ts';
import { sqliteStore } from './sqlite-store.ts';
import type { SqliteStore } from './store.ts';

/**
 * Opens a database file to look at it, whatever its version: nothing in it or beside it is changed, and whoever works with
 * it is not disturbed.
 * @throws DiskError when there is no such file, or it cannot be read
 */
export function openReadOnly({ file, clock }: { file: string; clock: Clock }): SqliteStore {
  try {
    const database = new Database(file, { readonly: true, fileMustExist: true });
    const db = new Kysely<Tables>({ dialect: new SqliteDialect({ database }) });
    return sqliteStore({ db, database, file, clock });
  } catch (error) {
    throw explained(error, file);
  }
}
