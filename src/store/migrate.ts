import { mkdtempSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type MigrationResultSet, Migrator, NO_MIGRATIONS } from 'kysely';
import { LonghandError, UsageError } from '../domain/errors.ts';
import { backupDatabase, backupsDir, copyDatabase } from './backup.ts';
import { connect } from './connect.ts';
import { MIGRATIONS, type Migrations } from './migrations/index.ts';
import type { Store } from './store.ts';

export interface Migrated {
  /** The steps taken, in the order in which they were taken. */
  applied: string[];
  /** The copy made before; absent when there was nothing to lose. */
  backup?: string;
}

interface Options {
  /** All steps of the schema. */
  migrations?: Migrations;
}

/**
 * Takes every step that the database has not taken, in one transaction: all or none. A database that holds tables is
 * backed up first.
 * @throws LonghandError when a step fails; the database is as it was
 */
export async function migrateUp(store: Store, { migrations = MIGRATIONS }: Options = {}): Promise<Migrated> {
  if ((await pendingMigrations(store, migrations)).length === 0) return { applied: [] };
  return await migrate(store, migrations, (migrator) => migrator.migrateToLatest());
}

/**
 * Takes the last steps back, in one transaction: all or none. The database is backed up first, since what a step added
 * goes with it.
 * @throws LonghandError when a step fails; the database is as it was
 */
export async function migrateDown(
  store: Store,
  steps = 1,
  { migrations = MIGRATIONS }: Options = {},
): Promise<Migrated> {
  const taken = await takenMigrations(store);
  refuseUnknown(taken, migrations, store.file);
  if (taken.length === 0 || steps < 1) return { applied: [] };
  const target = taken.at(-steps - 1) ?? NO_MIGRATIONS;
  return await migrate(store, migrations, (migrator) => migrator.migrateTo(target));
}

/**
 * Tries a migration on a copy of the database, which is deleted afterwards; the database itself is only read.
 * @returns the steps that would be taken and how long they took on the copy
 * @throws LonghandError as the migration itself would, or when the migrated copy is not sound
 */
export async function dryRun(
  store: Store,
  {
    direction = 'up',
    steps = 1,
    migrations = MIGRATIONS,
  }: Options & { direction?: 'up' | 'down'; steps?: number } = {},
): Promise<{ applied: string[]; tookMs: number }> {
  const folder = mkdtempSync(join(dirname(store.file), 'dry-run-'));
  try {
    const file = join(folder, 'longhand.db');
    await copyDatabase(store.file, file);
    const copy = connect({ file, clock: store.clock });
    try {
      const started = performance.now();
      const { applied } =
        direction === 'up' ? await migrateUp(copy, { migrations }) : await migrateDown(copy, steps, { migrations });
      return { applied, tookMs: performance.now() - started };
    } finally {
      await copy.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The steps that the database has still to take. */
export async function pendingMigrations(store: Store, migrations: Migrations = MIGRATIONS): Promise<string[]> {
  const taken = await takenMigrations(store);
  refuseUnknown(taken, migrations, store.file);
  return Object.keys(migrations)
    .sort()
    .filter((name) => !taken.includes(name));
}

async function migrate(
  store: Store,
  migrations: Migrations,
  work: (migrator: Migrator) => Promise<MigrationResultSet>,
): Promise<Migrated> {
  const version = (await takenMigrations(store)).at(-1);
  if (version === undefined) await refuseForeign(store);
  const backup = version === undefined ? undefined : await backupDatabase(store.file, { version, clock: store.clock });
  const migrator = new Migrator({ db: store.db, provider: { getMigrations: async () => ({ ...migrations }) } });
  const { error, results = [] } = await work(migrator);
  if (error !== undefined) {
    const step = results.find(({ status }) => status === 'Error')?.migrationName;
    throw new LonghandError(
      {
        kind: error instanceof LonghandError ? error.kind : 'unknown',
        message: `The database ${store.file} could not be migrated${step ? ` (step ${step})` : ''}: ${messageOf(error)}`,
        remedy: `Nothing was changed.${backup ? ` A backup is in ${backup}.` : ''}`,
      },
      { cause: error },
    );
  }
  return { applied: results.map(({ migrationName }) => migrationName), ...(backup ? { backup } : {}) };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function tableNames(store: Store): Promise<string[]> {
  const tables = await store.db.introspection.getTables({ withInternalKyselyTables: true });
  return tables.map(({ name }) => name);
}

async function takenMigrations(store: Store): Promise<string[]> {
  if (!(await tableNames(store)).includes('kysely_migration')) return [];
  const rows = await store.db
    .withTables<{ kysely_migration: { name: string } }>()
    .selectFrom('kysely_migration')
    .select('name')
    .orderBy('name')
    .execute();
  return rows.map(({ name }) => name);
}

function refuseUnknown(taken: string[], migrations: Migrations, file: string): void {
  const unknown = taken.filter((name) => !(name in migrations));
  if (unknown.length === 0) return;
  throw new UsageError(
    `The database ${file} was written by a newer Longhand (${unknown.join(', ')}).`,
    `Use that newer version, or put a backup from before it, from ${backupsDir(file)}, in its place.`,
  );
}

async function refuseForeign(store: Store): Promise<void> {
  const foreign = (await tableNames(store)).filter((name) => !name.startsWith('kysely_migration'));
  if (foreign.length === 0) return;
  throw new UsageError(
    `The database ${store.file} is another program's: it holds ${foreign.slice(0, 3).join(', ')}.`,
    'Choose another folder with LONGHAND_DATA.',
  );
}
