import { type RawBuilder, sql } from 'kysely';
import { UsageError } from '../domain/errors.ts';
import { backupsDir } from './backups-dir.ts';
import { MIGRATIONS, type Migrations } from './migrations/index.ts';
import type { PostgresStore, Store } from './store.ts';

const OWN_TABLE = /^kysely_migration/;

/** The steps that the database has still to take. */
export async function pendingMigrations(store: Store, migrations: Migrations = MIGRATIONS): Promise<string[]> {
  const taken = await takenMigrations(store);
  refuseUnknown(taken, migrations, store);
  return Object.keys(migrations)
    .sort()
    .filter((name) => !taken.includes(name));
}

/** The steps that the database has taken, in their order; the last one is what its schema is called. */
export async function takenMigrations(store: Store): Promise<string[]> {
  if (!(await tableNames(store)).includes('kysely_migration')) return [];
  const rows = await store.db
    .withTables<{ kysely_migration: { name: string } }>()
    .selectFrom('kysely_migration')
    .select('name')
    .orderBy('name')
    .execute();
  return rows.map(({ name }) => name);
}

/** @throws UsageError when the database has taken steps that this version does not know */
export function refuseUnknown(taken: string[], migrations: Migrations, { name, file }: Store): void {
  const unknown = taken.filter((step) => !(step in migrations));
  if (unknown.length === 0) return;
  throw new UsageError(
    `The database ${name} was written by a newer Longhand (${unknown.join(', ')}).`,
    `Use that newer version, or restore a backup from before it, from ${backupsDir(file)}: longhand db restore FILE`,
  );
}

/** @throws UsageError when a database without our tables has others */
export async function refuseForeign(store: Store): Promise<void> {
  const foreign = (await tableNames(store)).filter((name) => !OWN_TABLE.test(name));
  if (foreign.length === 0) return;
  // Another process has just made them.
  if ((await takenMigrations(store)).length > 0) return;
  throw new UsageError(
    `The database ${store.name} is another program's: it holds ${foreign.slice(0, 3).join(', ')}.`,
    store.dialect === 'sqlite'
      ? 'Choose another folder with LONGHAND_DATA.'
      : 'Give Longhand a database of its own: createdb --encoding=UTF8 --template=template0 longhand',
  );
}

/** All tables in the part of the database that is ours, the migrations' own among them; no views, which may be an extension's. */
export async function tableNames(store: Store): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`${await tablesOf(store)}`.execute(store.db);
  return rows.map(({ name }) => name);
}

async function tablesOf(store: Store): Promise<RawBuilder<unknown>> {
  if (store.dialect === 'sqlite') {
    return sql`select name from sqlite_schema where type = 'table' and name not like 'sqlite!_%' escape '!'`;
  }
  const schema = await currentSchema(store);
  return sql`select tablename as name from pg_tables where schemaname = ${schema}`;
}

/**
 * The schema in which tables are made when none is named.
 * @throws UsageError when the server offers this user none
 */
export async function currentSchema({ db, name }: PostgresStore): Promise<string> {
  const { rows } = await sql<{ schema: string | null }>`select current_schema() as schema`.execute(db);
  const schema = rows[0]?.schema;
  if (schema) return schema;
  throw new UsageError(`The database ${name} has no schema for this user.`, 'Make one in it: CREATE SCHEMA public');
}
