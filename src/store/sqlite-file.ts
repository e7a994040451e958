import { chmodSync, closeSync, existsSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { listBackups } from './backups-dir.ts';
import { DamagedDatabase } from './damage.ts';

/** SQLite deletes its log when the last connection closes; one that is left holds what a dead process wrote last. */
export function wasUnclean(file: string): boolean {
  return sizeOf(`${file}-wal`) > 0;
}

/** Where a restored database stands until it takes the place of the other one. */
export function restoringFile(file: string): string {
  return `${file}.restoring`;
}

/**
 * Makes an empty file where there is none, which is a new database to SQLite, for this user alone.
 * @throws DamagedDatabase where there once was one, and it is missing or empty
 */
export function createPrivately(file: string): void {
  const once = wasUnclean(file) || listBackups(file).length > 0 || existsSync(restoringFile(file));
  if (sizeOf(file) === 0 && once) throw new DamagedDatabase('the file is missing or empty');
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  closeSync(openSync(file, 'a', 0o600));
  chmodSync(file, 0o600);
}

/**
 * Reads a database from end to end, without writing, so that a damaged one and its log stay as they are and are found
 * damaged the next time too.
 * @throws DamagedDatabase
 */
export function quickCheck(file: string): void {
  const database = new Database(file, { readonly: true });
  try {
    const said = database.pragma('quick_check(1)', { simple: true });
    if (said !== 'ok') throw new DamagedDatabase(`quick_check says: ${said}`);
  } finally {
    database.close();
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
