import { type MigrationResultSet, type Migrator, NO_MIGRATIONS } from 'kysely';
import { LonghandError } from '../domain/errors.ts';
import { backupStore } from './backup.ts';
import { onCopy } from './dry-run.ts';
import { migratorOf } from './migrate-to.ts';
import { MIGRATIONS, type Migrations } from './migrations/index.ts';
import { pendingMigrations, refuseForeign, refuseUnknown, takenMigrations } from './schema-version.ts';
import type { Store } from './store.ts';

export { pendingMigrations } from './schema-version.ts';

export interface Migrated {
  /** The steps taken, in the order in which they were taken. */
  applied: string[];
  /** The copy made before; absent when there was nothing to lose. */
  backup?: string;
}

interface Options {
  /** All steps of the schema. */
  migrations?: Migrations;
  /** False for a copy, of which nothing can be lost. */
  backup?: boolean;
}

/**
 * Takes every step that the database has not taken, in one transaction: all or none. A database that holds tables is
 * backed up first.
 * @throws LonghandError when a step fails; the database is as it was
 */
export async function migrateUp(store: Store, options: Options = {}): Promise<Migrated> {
  if ((await pendingMigrations(store, options.migrations)).length === 0) return { applied: [] };
  return await migrate(store, options, (migrator) => migrator.migrateToLatest());
}

/**
 * Takes the last steps back, in one transaction: all or none. The database is backed up first, since what a step added
 * goes with it.
 * @throws LonghandError when a step fails; the database is as it was
 */
export async function migrateDown(store: Store, steps = 1, options: Options = {}): Promise<Migrated> {
  const taken = await takenMigrations(store);
  refuseUnknown(taken, options.migrations ?? MIGRATIONS, store);
  if (taken.length === 0 || steps < 1) return { applied: [] };
  const target = taken.at(-steps - 1) ?? NO_MIGRATIONS;
  return await migrate(store, options, (migrator) => migrator.migrateTo(target));
}

/**
 * Tries a migration on a copy of the database, which is deleted afterwards; the database itself is only read.
 * @returns the steps that would be taken and how long they took on the copy
 * @throws LonghandError as the migration itself would, or when the copy is not sound
 */
export async function dryRun(
  store: Store,
  {
    direction = 'up',
    steps = 1,
    migrations = MIGRATIONS,
  }: Pick<Options, 'migrations'> & { direction?: 'up' | 'down'; steps?: number } = {},
): Promise<{ applied: string[]; tookMs: number }> {
  refuseUnknown(await takenMigrations(store), migrations, store);
  return await onCopy(store, migrations, async (copy) => {
    const started = performance.now();
    const options = { migrations, backup: false };
    const { applied } = direction === 'up' ? await migrateUp(copy, options) : await migrateDown(copy, steps, options);
    return { applied, tookMs: performance.now() - started };
  });
}

async function migrate(
  store: Store,
  { migrations = MIGRATIONS, backup: wanted = true }: Options,
  work: (migrator: Migrator) => Promise<MigrationResultSet>,
): Promise<Migrated> {
  const isNew = (await takenMigrations(store)).length === 0;
  if (isNew) await refuseForeign(store);
  const backup = isNew || !wanted ? undefined : await backupStore(store, { migrations });
  const { error, results = [] } = await work(await migratorOf(store, migrations));
  if (error !== undefined) {
    const step = results.find(({ status }) => status === 'Error')?.migrationName;
    throw new LonghandError(
      {
        kind: error instanceof LonghandError ? error.kind : 'unknown',
        message: `The database ${store.name} could not be migrated${step ? ` (step ${step})` : ''}: ${messageOf(error)}`,
        remedy: [remedyOf(error), 'Nothing was changed.', backup && `A backup is in ${backup}.`]
          .filter(Boolean)
          .join(' '),
      },
      { cause: error },
    );
  }
  return { applied: results.map(({ migrationName }) => migrationName), ...(backup ? { backup } : {}) };
}

function remedyOf(error: unknown): string | undefined {
  return error instanceof LonghandError ? error.remedy : undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
