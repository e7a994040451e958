import { chmodSync } from 'node:fs';
import Sqlite from 'better-sqlite3';
import { PRIVATE_FILE_MODE } from '../files/directory.ts';

/** Held by the one process that owns a data folder. */
export interface OwnerLock {
  release(): void;
}

/**
 * Tries to become the owner of a data folder: an exclusive transaction on a small SQLite file. The lock is the
 * operating system's and ends with the process, however it ends; nothing has to be cleaned up after a kill -9.
 * @returns undefined when another process is the owner
 */
export function tryOwnerLock(file: string): OwnerLock | undefined {
  const database = new Sqlite(file, { timeout: 0 });
  try {
    chmodSync(file, PRIVATE_FILE_MODE);
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if ((error as { code?: string }).code === 'SQLITE_BUSY') return undefined;
    throw error;
  }
  return { release: () => database.close() };
}
