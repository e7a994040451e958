import Sqlite from 'better-sqlite3';
import { DiskError, LonghandError } from '../domain/errors.ts';
import { backupsDir, listBackups } from './backups-dir.ts';
import { saysPostgresDamaged } from './postgres-errors.ts';
import { saysDamaged } from './sqlite-errors.ts';
import { inThread } from './sqlite-thread.ts';

/** Found damaged by looking, not by an error of the database. */
export class DamagedDatabase extends Error {}

/** Whether an error, or what caused it, says that the database itself is damaged. */
export function isDamage(error: unknown): boolean {
  if (error instanceof DamagedDatabase || saysDamaged(error) || saysPostgresDamaged(error)) return true;
  return error instanceof Error && error.cause !== undefined && isDamage(error.cause);
}

/** What is said of a damaged database: what is wrong, the newest good backup, and the command that brings it back. */
export function damaged({ name, file }: { name: string; file: string }, cause: unknown): DiskError {
  const backup = newestGoodBackup(file);
  const remedy = backup
    ? `Go back to the newest good backup: longhand db restore ${quoted(backup)}`
    : `There is no good backup in ${backupsDir(file)}. Keep the database; sqlite3's .recover may save what is in a file.`;
  const why = reasonOf(cause);
  const error = new DiskError(`The database ${name} is damaged (${why}).`, remedy);
  error.cause = cause;
  return error;
}

/** What the database itself said, on one line, and not what we made of it. */
function reasonOf(error: unknown): string {
  if (error instanceof LonghandError && error.cause !== undefined) return reasonOf(error.cause);
  return (error instanceof Error ? error.message : String(error)).replace(/\s+/g, ' ');
}

/** The newest backup that can be read from end to end, or undefined. */
export function newestGoodBackup(file: string): string | undefined {
  return listBackups(file).find((backup) => quickProblem(backup) === undefined);
}

/** Looks a database file over without changing it. @returns what is wrong with it, or undefined */
export function quickProblem(file: string): string | undefined {
  try {
    const database = new Sqlite(file, { readonly: true, fileMustExist: true });
    try {
      const said = database.pragma('quick_check(1)', { simple: true });
      return said === 'ok' ? undefined : String(said);
    } finally {
      database.close();
    }
  } catch (error) {
    return (error as Error).message;
  }
}

/** As `newestGoodBackup`, beside everything else: reading a gigabyte takes seconds. */
export async function findGoodBackup(file: string): Promise<string | undefined> {
  for (const backup of listBackups(file)) if ((await lookForProblem(backup)) === undefined) return backup;
  return undefined;
}

/** As `quickProblem`, beside everything else. */
export async function lookForProblem(file: string): Promise<string | undefined> {
  try {
    return (await inThread({ do: 'look', file })).problem ?? undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** A path as a shell takes it. */
function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
