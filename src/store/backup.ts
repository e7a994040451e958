import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import type { Clock } from '../domain/clock.ts';
import { DiskError } from '../domain/errors.ts';
import { explained } from './sqlite-errors.ts';

/** Older backups than these newest are deleted after a new one was verified. */
const KEEP = 7;
const NAME = /^longhand-.+-(\d{8}T\d{9}Z)\.db$/;

/** Where a database's backups are: beside it. */
export function backupsDir(file: string): string {
  return join(dirname(file), 'backups');
}

/**
 * Copies a database while it is in use, verifies the copy, and only then gives it its name
 * `longhand-<version>-<time>.db` (https://www.sqlite.org/backup.html).
 * @param options `version`: what the schema of the copy is called
 * @returns the backup's path
 */
export async function backupDatabase(
  file: string,
  { version, clock }: { version: string; clock: Clock },
): Promise<string> {
  const folder = backupsDir(file);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const time = new Date(clock.now()).toISOString().replace(/[-:.]/g, '');
  const path = join(folder, `longhand-${version}-${time}.db`);
  const unfinished = `${path}.part`;
  try {
    await copyDatabase(file, unfinished);
    syncPath(unfinished);
    renameSync(unfinished, path);
    syncPath(folder);
  } catch (error) {
    throw explained(error, unfinished);
  } finally {
    for (const end of ['', '-journal']) rmSync(unfinished + end, { force: true });
  }
  for (const old of listBackups(file).slice(KEEP)) rmSync(old, { force: true });
  return path;
}

/**
 * Copies a database to a new file of mode 0600 and reads the copy from end to end.
 * @throws DiskError when the copy is damaged
 */
export async function copyDatabase(from: string, to: string): Promise<void> {
  closeSync(openSync(to, 'wx', 0o600));
  const source = new Database(from, { readonly: true, fileMustExist: true });
  try {
    await source.backup(to);
  } finally {
    source.close();
  }
  const copy = new Database(to, { fileMustExist: true });
  try {
    // The source's write-ahead mode came along; without it the copy is one file.
    copy.pragma('journal_mode = DELETE');
    const said = copy.pragma('quick_check(1)', { simple: true });
    if (said !== 'ok') {
      throw new DiskError(`The copy of the database ${from} is damaged: ${said}`, 'Check the disk, then try again.');
    }
  } finally {
    copy.close();
  }
}

/** The newest backup that can be read from end to end, or undefined. */
export function newestGoodBackup(file: string): string | undefined {
  return listBackups(file).find(isSound);
}

/** A database's backups, newest first, unverified. */
export function listBackups(file: string): string[] {
  const folder = backupsDir(file);
  if (!existsSync(folder)) return [];
  const timeOf = (name: string) => NAME.exec(name)?.[1] ?? '';
  return readdirSync(folder)
    .filter((name) => NAME.test(name))
    .sort((a, b) => timeOf(b).localeCompare(timeOf(a)) || b.localeCompare(a))
    .map((name) => join(folder, basename(name)));
}

function isSound(file: string): boolean {
  let database: Database.Database | undefined;
  try {
    database = new Database(file, { readonly: true, fileMustExist: true });
    return database.pragma('quick_check(1)', { simple: true }) === 'ok';
  } catch {
    // Not readable is the answer, whatever the reason.
    return false;
  } finally {
    database?.close();
  }
}

/** Makes a file's content, or a folder's list of names, safe against a loss of power. */
function syncPath(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
