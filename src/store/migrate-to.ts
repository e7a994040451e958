import { type MigrationResultSet, Migrator } from 'kysely';
import { MIGRATIONS, type Migrations } from './migrations/index.ts';
import { currentSchema } from './schema-version.ts';
import type { Store } from './store.ts';

/** Kysely's migrator for a store. On PostgreSQL it looks in our schema alone, not in copies beside it. */
export async function migratorOf(store: Store, migrations: Migrations): Promise<Migrator> {
  return new Migrator({
    db: store.db,
    provider: { getMigrations: async () => ({ ...migrations }) },
    ...(store.dialect === 'postgres' ? { migrationTableSchema: await currentSchema(store) } : {}),
  });
}

/**
 * Brings an empty database to the schema of another one.
 * @param taken the steps that the other one has taken, in their order
 */
export async function takeStepsTo(store: Store, taken: readonly string[], migrations = MIGRATIONS): Promise<void> {
  const last = taken.at(-1);
  if (last === undefined) return;
  orThrow(await (await migratorOf(store, migrations)).migrateTo(last));
}

function orThrow({ error }: MigrationResultSet): void {
  if (error !== undefined) throw error;
}
