import Database from 'better-sqlite3';
import { Kysely } from 'kysely';
import type { Clock } from '../domain/clock.ts';
import { LonghandError } from '../domain/errors.ts';
import type { Database as Tables } from './schema.ts';
import { ImmediateSqliteDialect } from './sqlite-dialect.ts';
import { sqliteStore } from './sqlite-store.ts';
import type { SqliteStore } from './store.ts';

const BUSY_TIMEOUT_MS = 5_000;
const CACHE_KIB = 16_384;
/**
 * Pages in the log before they are written home, after which the log is written from its beginning again. More than SQLite's
 * own 1,000, so that fewer than one write in a hundred waits for it; and few, because a log that grows costs the file system
 * more with every sync than one that is written over (`bench/dispatch.ts`: half as many jobs a second at 10,000).
 */
const CHECKPOINT_PAGES = 2_500;
/** Before it, a checkpoint could lose a commit when two connections wrote (https://www.sqlite.org/wal.html#walresetbug). */
const OLDEST_SQLITE = [3, 51, 3] as const;

/**
 * Connects to a database file as every part of Longhand must: write-ahead log, every commit synced, foreign keys kept.
 * Knows nothing of damage, backups or versions of the schema.
 */
export function connectSqlite({ file, clock }: { file: string; clock: Clock }): SqliteStore {
  const database = new Database(file, { timeout: BUSY_TIMEOUT_MS });
  try {
    refuseOldSqlite(database);
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = FULL');
    database.pragma('foreign_keys = ON');
    database.pragma(`cache_size = -${CACHE_KIB}`);
    database.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
  } catch (error) {
    database.close();
    throw error;
  }
  const db = new Kysely<Tables>({ dialect: new ImmediateSqliteDialect(database) });
  return sqliteStore({ db, database, file, clock });
}

function refuseOldSqlite(database: Database.Database): void {
  const version = database.prepare('select sqlite_version()').pluck().get() as string;
  const parts = version.split('.').map(Number);
  const difference = OLDEST_SQLITE.map((oldest, index) => (parts[index] ?? 0) - oldest).find((step) => step !== 0) ?? 0;
  if (difference >= 0) return;
  throw new LonghandError({
    kind: 'unknown',
    message: `SQLite ${version} is too old; Longhand needs ${OLDEST_SQLITE.join('.')} or newer.`,
    remedy: 'Reinstall the packages: npm install',
  });
}
