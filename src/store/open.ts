import { chmodSync, closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import type { Clock } from '../domain/clock.ts';
import { DiskError } from '../domain/errors.ts';
import { backupsDir, listBackups, newestGoodBackup } from './backup.ts';
import { connect } from './connect.ts';
import { migrateUp, pendingMigrations } from './migrate.ts';
import { MIGRATIONS, type Migrations } from './migrations/index.ts';
import { explained, saysDamaged } from './sqlite-errors.ts';
import type { Store } from './store.ts';

export type { Store } from './store.ts';

/**
 * Opens the store, and makes it when there is none. After an unclean stop the database is read from end to end first.
 *
 * @param options `migrate`: takes the steps of the schema that are missing, after a backup; without it the caller must
 *   look at `pendingMigrations` before it uses anything else
 * @throws DiskError when the file is damaged or cannot be used; a damaged database is named with its newest good backup
 *   and never replaced
 * @throws UsageError when it was written by a newer version, or by another program
 */
export async function openStore({
  file,
  clock,
  migrate = true,
  migrations = MIGRATIONS,
}: {
  file: string;
  clock: Clock;
  migrate?: boolean;
  migrations?: Migrations;
}): Promise<Store> {
  const wasUnclean = sizeOf(`${file}-wal`) > 0;
  let store: Store | undefined;
  try {
    createPrivately(file, wasUnclean);
    if (wasUnclean) quickCheck(file);
    store = connect({ file, clock });
    await pendingMigrations(store, migrations);
    if (migrate) await migrateUp(store, { migrations });
    return store;
  } catch (error) {
    await store?.close();
    throw isDamage(error) ? damaged(file, error) : explained(error, file);
  }
}

/**
 * SQLite deletes its log when the last connection closes; one that is left holds what a dead process wrote last. It is
 * read without writing, so that a damaged database and its log stay as they are and are found damaged the next time too.
 */
function quickCheck(file: string): void {
  const database = new Database(file, { readonly: true });
  try {
    const said = database.pragma('quick_check(1)', { simple: true });
    if (said !== 'ok') throw new DamagedDatabase(`quick_check says: ${said}`);
  } finally {
    database.close();
  }
}

/** An empty file is a new database to SQLite. Where there once was one, that is a loss, and is told. */
function createPrivately(file: string, wasUnclean: boolean): void {
  if (sizeOf(file) === 0 && (wasUnclean || listBackups(file).length > 0)) {
    throw new DamagedDatabase('the file is missing or empty');
  }
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  closeSync(openSync(file, 'a', 0o600));
  chmodSync(file, 0o600);
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

class DamagedDatabase extends Error {}

function isDamage(error: unknown): boolean {
  if (error instanceof DamagedDatabase || saysDamaged(error)) return true;
  return error instanceof Error && error.cause !== undefined && isDamage(error.cause);
}

function damaged(file: string, cause: unknown): DiskError {
  const backup = newestGoodBackup(file);
  const remedy = backup
    ? `The newest good backup is ${backup}. Move ${file} and ${file}-wal away, then copy the backup to ${file}.`
    : `There is no good backup in ${backupsDir(file)}. Keep the file; sqlite3's .recover may save what is in it.`;
  const why = cause instanceof Error ? cause.message : String(cause);
  const error = new DiskError(`The database ${file} is damaged (${why}).`, remedy);
  error.cause = cause;
  return error;
}
