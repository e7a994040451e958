/** The care of the database: what `longhand db` does. */
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Clock } from '../domain/clock.ts';
import { type ErrorReport, reportOf, UsageError } from '../domain/errors.ts';
import { makePrivateFolder } from '../files/directory.ts';
import { listBackups } from '../store/backups-dir.ts';
import { connectPostgres } from '../store/connect-postgres.ts';
import { isDamage } from '../store/damage.ts';
import { lockDatabase } from '../store/database-lock.ts';
import { type Examined, examineStore } from '../store/examine.ts';
import { dryRun, type Migrated, migrateDown, migrateUp } from '../store/migrate.ts';
import { openStore } from '../store/open.ts';
import { tryOwnerLock } from '../store/owner-lock.ts';
import { addressOf } from '../store/postgres-address.ts';
import { openReadOnly } from '../store/read-only.ts';
import { type Restored, restoreStore } from '../store/restore.ts';
import type { Store } from '../store/store.ts';
import { makeBackup } from './backups.ts';

/** Where the database of a data folder is. */
export interface DatabasePlace {
  dataDir: string;
  /** `postgres://…`, when it is on a server. */
  databaseUrl?: string | undefined;
  clock: Clock;
}

/** What `check` found. */
export interface Checked {
  /** The file, or the server's address without its password. */
  database: string;
  /** `none` when there is no database yet. */
  state: 'sound' | 'damaged' | 'none';
  /** What is known of a sound one. */
  found?: Examined;
  /** What is wrong with a damaged one, and what to do. */
  error?: ErrorReport;
}

export interface BackedUp {
  backup: string;
  bytes: number;
  /** How many there are now. */
  kept: number;
}

/** What a migration did, or on a copy would do. */
export interface MigrationReport extends Migrated {
  database: string;
  dryRun: boolean;
  /** How long it took on the copy. */
  tookMs?: number;
}

/** The database file of a data folder. */
export function databaseFile(dataDir: string): string {
  return join(dataDir, 'longhand.db');
}

/** What sentences call the database: the file, or the server's address without its password. */
export function nameOf({ dataDir, databaseUrl }: DatabasePlace): string {
  return databaseUrl === undefined ? databaseFile(dataDir) : addressOf(databaseUrl).name;
}

/** Reads the database from end to end, also while somebody works with it. */
export async function checkDatabase(place: DatabasePlace): Promise<Checked> {
  const database = nameOf(place);
  try {
    const store = await lookAt(place);
    if (!store) return { database, state: 'none' };
    return await closing(store, async () => ({ database, state: 'sound', found: await examineStore(store) }));
  } catch (error) {
    if (!isDamage(error)) throw error;
    return { database, state: 'damaged', error: reportOf(error) };
  }
}

/**
 * Makes a backup, also while somebody works with the database.
 * @throws UsageError when there is none; DiskError when it is damaged or the disk is full
 */
export async function backUpDatabase(place: DatabasePlace): Promise<BackedUp> {
  const store = await lookAt(place);
  if (!store) throw noDatabase(place);
  return await closing(store, async () => {
    const { path: backup, bytes, kept } = await makeBackup(store);
    return { backup, bytes, kept };
  });
}

/**
 * Puts a backup in the place of the database.
 * @throws UsageError when somebody works with the data folder, or the file is no backup
 */
export async function restoreDatabase(place: DatabasePlace, from: string): Promise<Restored> {
  const { dataDir, databaseUrl: url, clock } = place;
  return await alone(place, () =>
    restoreStore(resolve(from), { file: databaseFile(dataDir), url, clock, lastJobId: lastJobFolder(dataDir) }),
  );
}

/**
 * Takes the steps of the schema that are missing, after a backup; or tells what that would do.
 * @throws UsageError when there is no database, or somebody works with the data folder
 */
export async function migrateDatabase(
  place: DatabasePlace,
  { dryRun: onCopy }: { dryRun: boolean },
): Promise<MigrationReport> {
  return await migration(place, onCopy, { try: (store) => dryRun(store), do: (store) => migrateUp(store) });
}

/**
 * Takes the last steps of the schema back, after a backup; or tells what that would do.
 * @throws UsageError when there is no database, or somebody works with the data folder
 */
export async function rollBackDatabase(
  place: DatabasePlace,
  { steps, dryRun: onCopy }: { steps: number; dryRun: boolean },
): Promise<MigrationReport> {
  return await migration(place, onCopy, {
    try: (store) => dryRun(store, { direction: 'down', steps }),
    do: (store) => migrateDown(store, steps),
  });
}

async function migration(
  place: DatabasePlace,
  onCopy: boolean,
  how: { try(store: Store): Promise<{ applied: string[]; tookMs: number }>; do(store: Store): Promise<Migrated> },
): Promise<MigrationReport> {
  // A copy is made of what is there; the database itself only by who has it alone.
  const look = await lookAt(place);
  if (!look) throw noDatabase(place);
  if (onCopy) return await closing(look, async () => ({ database: look.name, dryRun: true, ...(await how.try(look)) }));
  await look.close();
  return await withStore(place, { migrate: false }, async (store) => ({
    database: store.name,
    dryRun: false,
    ...(await how.do(store)),
  }));
}

/**
 * Works with the store of a data folder that nobody else works with.
 * @throws UsageError when somebody does
 */
export async function withStore<T>(
  place: DatabasePlace,
  { migrate = true }: { migrate?: boolean },
  work: (store: Store) => Promise<T>,
): Promise<T> {
  const { dataDir, databaseUrl: url, clock } = place;
  return await alone(place, async () => {
    const store = await openStore({ file: databaseFile(dataDir), url, clock, migrate });
    return await closing(store, () => work(store));
  });
}

/** Does the work as the one process that owns the data folder, and the database when it is on a server. */
async function alone<T>({ dataDir, databaseUrl: url, clock }: DatabasePlace, work: () => Promise<T>): Promise<T> {
  makePrivateFolder(dataDir);
  const lock = tryOwnerLock(join(dataDir, 'owner.lock'));
  if (!lock) {
    throw new UsageError(
      `Another Longhand works in the data folder ${dataDir}; this needs the folder for itself.`,
      'Let it finish, or end it (Ctrl-C in its terminal), then try again.',
    );
  }
  try {
    const databaseLock = url === undefined ? undefined : await lockDatabase({ url, clock });
    try {
      return await work();
    } finally {
      await databaseLock?.release();
    }
  } finally {
    lock.release();
  }
}

/** The database as it is, neither made nor migrated; undefined when there never was one. */
export async function lookAt({ dataDir, databaseUrl: url, clock }: DatabasePlace): Promise<Store | undefined> {
  const file = databaseFile(dataDir);
  if (url !== undefined) return await connectPostgres({ url, file, clock });
  if (existsSync(file)) return openReadOnly({ file, clock });
  // Where there once was one this says so, with the newest good backup.
  if (listBackups(file).length > 0) return await openStore({ file, clock, migrate: false });
  return undefined;
}

/** Does something with a store and closes it. */
export async function closing<T>(store: Store, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    await store.close();
  }
}

function noDatabase({ dataDir }: DatabasePlace): UsageError {
  return new UsageError(`There is no database in ${dataDir} yet.`, 'The first longhand transcribe makes it.');
}

/** Jobs that a restored database does not know yet may have left files; their numbers are not given again. */
function lastJobFolder(dataDir: string): number {
  const folder = join(dataDir, 'jobs');
  if (!existsSync(folder)) return 0;
  return Math.max(0, ...readdirSync(folder).map(Number).filter(Number.isSafeInteger));
}
