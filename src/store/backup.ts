import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { forgetFailure } from './backup-failure.ts';
import { backupName, backupsDir, listBackups } from './backups-dir.ts';
import { damaged, isDamage } from './damage.ts';
import type { Migrations } from './migrations/index.ts';
import { copyPostgres } from './postgres-copy.ts';
import { takenMigrations } from './schema-version.ts';
import { explained } from './sqlite-errors.ts';
import { inThread } from './sqlite-thread.ts';
import type { Store } from './store.ts';

/** Older backups than these newest are deleted after a new one was verified. */
const KEEP = 7;
const ABANDONED_MS = 24 * 3_600_000;

interface Options {
  signal?: AbortSignal | undefined;
  /** All steps of the schema. */
  migrations?: Migrations | undefined;
}

/**
 * Copies a database while it is in use, reads the copy from end to end, and only then gives it its name
 * `longhand-<version>-<time>.db`. A backup is a SQLite file whatever the database is, so that it can be restored on either.
 * @returns the backup's path
 * @throws DiskError when the database is damaged, or the disk is full; the signal's reason when it aborts
 */
export async function backupStore(store: Store, { signal, migrations }: Options = {}): Promise<string> {
  const folder = backupsDir(store.file);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  removeAbandoned(folder, store.clock.now());
  try {
    const version = (await takenMigrations(store)).at(-1) ?? 'empty';
    const path = join(folder, backupName(version, store.clock.now()));
    await makeBackup(store, path, { signal, migrations });
    forgetFailure(store.file);
    for (const old of listBackups(store.file).slice(KEEP)) rmSync(old, { force: true });
    return path;
  } catch (error) {
    throw isDamage(error) ? damaged(store, error) : explained(error, folder);
  }
}

async function makeBackup(store: Store, path: string, { signal, migrations }: Options): Promise<void> {
  const unfinished = `${path}.part`;
  try {
    if (store.dialect === 'sqlite') await copyDatabase(store.file, unfinished, signal);
    else await copyPostgres(store, unfinished, { signal, migrations });
    syncPath(unfinished);
    renameSync(unfinished, path);
    syncPath(dirname(path));
  } finally {
    for (const end of ['', '-journal', '-wal', '-shm']) rmSync(unfinished + end, { force: true });
  }
}

/**
 * Copies a SQLite database to a new file of mode 0600 and reads the copy, which is the original page for page, from end to
 * end.
 * @throws DiskError when it is damaged
 */
export async function copyDatabase(from: string, to: string, signal?: AbortSignal): Promise<void> {
  closeSync(openSync(to, 'wx', 0o600));
  const { problem } = await inThread({ do: 'copy', from, to }, signal);
  if (problem !== null) throw damaged({ name: from, file: from }, new Error(problem));
}

/** What a process left that was killed while it copied. */
function removeAbandoned(folder: string, now: number): void {
  for (const name of readdirSync(folder).filter((found) => /\.db\.part(-\w+)?$/.test(found))) {
    const path = join(folder, name);
    const age = now - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? now);
    if (age > ABANDONED_MS) rmSync(path, { force: true });
  }
}

/** Makes a file's content, or a folder's list of names, safe against a loss of power. */
export function syncPath(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
