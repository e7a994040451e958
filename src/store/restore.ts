import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { Clock } from '../domain/clock.ts';
import { LonghandError, UsageError } from '../domain/errors.ts';
import { copyDatabase, syncPath } from './backup.ts';
import { backupsDir, timeInName } from './backups-dir.ts';
import { connectPostgres } from './connect-postgres.ts';
import { connectSqlite } from './connect-sqlite.ts';
import { isDamage } from './damage.ts';
import { MIGRATIONS } from './migrations/index.ts';
import { restoreTables } from './postgres-restore.ts';
import { openReadOnly } from './read-only.ts';
import { refuseUnknown, tableNames, takenMigrations } from './schema-version.ts';
import { lastNumbers, raiseNumbers } from './sequences.ts';
import { explained, saysDamaged } from './sqlite-errors.ts';
import { restoringFile } from './sqlite-file.ts';

const SEE_BACKUPS = 'See: longhand db check';

export interface RestoreOptions {
  /** The database file; with `url` where it would be. */
  file: string;
  url?: string | undefined;
  clock: Clock;
  /** Numbers up to this one were given to jobs already, and their files may be there: no new job gets one of them. */
  lastJobId: number;
}

export interface Restored {
  /** The last step of the schema that the restored database has taken. */
  version: string;
  /** Where the database that was replaced is now: a file, or a schema on the server. Absent when there was none. */
  aside?: string;
}

/**
 * Puts a backup in the place of the database, whichever of both kinds it is; what is replaced is kept aside. Nobody may
 * have the database open.
 * @throws UsageError when the file is no backup of Longhand, or one of a newer version; DiskError when it is damaged.
 *   Then the database is as it was.
 */
export async function restoreStore(from: string, options: RestoreOptions): Promise<Restored> {
  const { file, clock } = options;
  if (resolve(from) === resolve(file)) throw new UsageError(`${from} is the database itself.`, 'Name a backup of it.');
  const version = await versionOfBackup(from, clock);
  const restoring = restoringFile(file);
  removeFile(restoring);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  try {
    await copyBackup(from, restoring);
    if (options.url === undefined) await raiseInFile(restoring, options);
  } catch (error) {
    removeFile(restoring);
    throw error;
  }
  return { version, ...(options.url === undefined ? putFile(file, clock) : await putTables(options.url, options)) };
}

type Kept = Pick<Restored, 'aside'>;

function putFile(file: string, clock: Clock): Kept {
  const restoring = restoringFile(file);
  syncPath(restoring);
  syncPath(dirname(file));
  const aside = moveAside(file, clock);
  renameSync(restoring, file);
  syncPath(dirname(file));
  return aside ? { aside } : {};
}

async function putTables(url: string, { file, clock, lastJobId }: RestoreOptions): Promise<Kept> {
  const restoring = restoringFile(file);
  try {
    const store = await connectPostgres({ url, file, clock });
    try {
      return await restoreTables(store, restoring, lastJobId);
    } finally {
      await store.close();
    }
  } finally {
    removeFile(restoring);
  }
}

async function versionOfBackup(from: string, clock: Clock): Promise<string> {
  if (!existsSync(from)) throw new UsageError(`There is no file ${from}.`, SEE_BACKUPS);
  const backup = openReadOnly({ file: from, clock });
  try {
    const taken = await takenMigrations(backup);
    refuseUnknown(taken, MIGRATIONS, backup);
    const version = taken.at(-1);
    if (version !== undefined) return version;
    throw noBackup(from);
  } catch (error) {
    throw saysDamaged(error) ? noBackup(from) : error;
  } finally {
    await backup.close();
  }
}

function noBackup(from: string): UsageError {
  return new UsageError(`${from} is not a backup of Longhand's database, or is damaged.`, SEE_BACKUPS);
}

async function copyBackup(from: string, to: string): Promise<void> {
  try {
    await copyDatabase(from, to);
  } catch (error) {
    if (!(error instanceof LonghandError || isDamage(error))) throw explained(error, to);
    throw new LonghandError(
      {
        kind: 'disk',
        message: `The backup ${from} is damaged; nothing was changed.`,
        remedy: `Choose another one from ${backupsDir(to)}.`,
      },
      { cause: error },
    );
  }
}

/** Numbers that the replaced database gave are not given again, as far as it can still be asked. */
async function raiseInFile(restoring: string, { file, clock, lastJobId }: RestoreOptions): Promise<void> {
  const numbers = { ...(await numbersOf(file, clock)) };
  numbers.transcription_jobs = Math.max(lastJobId, numbers.transcription_jobs ?? 0);
  const restored = connectSqlite({ file: restoring, clock });
  try {
    const tables = await tableNames(restored);
    const known = Object.fromEntries(Object.entries(numbers).filter(([table]) => tables.includes(table)));
    await raiseNumbers(restored.db, 'sqlite', known);
  } finally {
    await restored.close();
  }
}

async function numbersOf(file: string, clock: Clock): Promise<Record<string, number>> {
  if (!existsSync(file)) return {};
  try {
    const replaced = openReadOnly({ file, clock });
    try {
      return await lastNumbers(replaced.db, 'sqlite', await tableNames(replaced));
    } finally {
      await replaced.close();
    }
  } catch {
    // So damaged that it does not even tell this: then the folders of the jobs have to do.
    return {};
  }
}

/**
 * The database goes first and its log second: should this be interrupted in between, the next one who opens the database
 * finds it missing, with a log or a restored file beside it, and says so.
 */
function moveAside(file: string, clock: Clock): string | undefined {
  const there = ['', '-wal'].filter((end) => existsSync(file + end));
  rmSync(`${file}-shm`, { force: true });
  if (there.length === 0) return undefined;
  const all = join(dirname(file), 'replaced');
  mkdirSync(all, { recursive: true, mode: 0o700 });
  const folder = mkdtempSync(join(all, `${timeInName(clock.now())}-`));
  for (const end of there) renameSync(file + end, join(folder, basename(file) + end));
  syncPath(folder);
  return join(folder, basename(file));
}

function removeFile(file: string): void {
  for (const end of ['', '-wal', '-shm', '-journal']) rmSync(file + end, { force: true });
}
