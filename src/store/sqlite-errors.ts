import { DiskError } from '../domain/errors.ts';

const FREE_SPACE = 'Free some space on that disk, then try again.';
const CHECK_DISK = 'Check the disk; then restore the newest backup.';

const BY_CODE: [prefix: string, says: (file: string) => string, remedy: string][] = [
  ['SQLITE_FULL', (file) => `There is no space left for the database ${file}.`, FREE_SPACE],
  ['SQLITE_READONLY', (file) => `The database ${file} cannot be written.`, 'Make the file and its folder writable.'],
  ['SQLITE_CANTOPEN', (file) => `The database ${file} cannot be opened.`, 'Make the file and its folder readable.'],
  ['SQLITE_IOERR', (file) => `The disk failed while the database ${file} was in use.`, CHECK_DISK],
  ['SQLITE_CORRUPT', (file) => `The database ${file} is damaged.`, CHECK_DISK],
  ['SQLITE_NOTADB', (file) => `The file ${file} is not a database, or is damaged.`, CHECK_DISK],
  ['SQLITE_BUSY', (file) => `Another process holds the database ${file}.`, 'Stop the other process, then try again.'],
];

/** SQLite's result code of an error, for example `SQLITE_FULL`, or '' (https://www.sqlite.org/rescode.html). */
export function sqliteCode(error: unknown): string {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' && code.startsWith('SQLITE_') ? code : '';
}

/** Whether the error says that the file itself is damaged. */
export function saysDamaged(error: unknown): boolean {
  return /^SQLITE_(CORRUPT|NOTADB)/.test(sqliteCode(error));
}

/** Turns an error of SQLite that is about the disk into a `DiskError`; every other error comes back as it is. */
export function explained(error: unknown, file: string): unknown {
  const code = sqliteCode(error);
  const entry = BY_CODE.find(([prefix]) => code.startsWith(prefix));
  if (!entry) return error;
  const told = new DiskError(entry[1](file), entry[2]);
  told.cause = error;
  return told;
}
