import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { UsageError } from '../domain/errors.ts';
import { timeInName } from './backups-dir.ts';
import { copyRows } from './copy-rows.ts';
import { takeStepsTo } from './migrate-to.ts';
import { refuseOtherCounts } from './postgres-copy.ts';
import { refuseOtherEncoding } from './postgres-encoding.ts';
import { APPLICATION_NAME } from './postgres-pool.ts';
import { inNewSchema } from './postgres-schema.ts';
import { openReadOnly } from './read-only.ts';
import { currentSchema, refuseForeign, tableNames, takenMigrations } from './schema-version.ts';
import { lastNumbers, raiseNumbers } from './sequences.ts';
import type { PostgresStore, SqliteStore } from './store.ts';

/**
 * Puts the tables of a SQLite file in the place of those on the server. They are made and filled beside them, and change
 * places with them in one transaction; the old ones are kept in a schema of their own.
 * @param lastJobId numbers up to this one are given to no new job
 * @returns the schema in which the old ones are, when there were any
 * @throws UsageError when somebody else works with the database
 */
export async function restoreTables(
  store: PostgresStore,
  file: string,
  lastJobId: number,
): Promise<{ aside?: string }> {
  await refuseOthers(store);
  await refuseOtherEncoding(store);
  if ((await takenMigrations(store)).length === 0) await refuseForeign(store);
  const backup = openReadOnly({ file, clock: store.clock });
  try {
    return await inNewSchema(store, 'longhand_restoring', async (inside, restoring) => {
      await fill(inside, backup, await numbersAbove(store, lastJobId));
      return await changePlaces(store, inside, restoring);
    });
  } finally {
    await backup.close();
  }
}

/** Who has the database open would go on with what it knows. The first question of a store is on its only connection. */
async function refuseOthers({ db, name }: PostgresStore): Promise<void> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from pg_stat_activity
    where datname = current_database() and application_name = ${APPLICATION_NAME} and pid <> pg_backend_pid()
  `.execute(db);
  if (Number(rows[0]?.count) === 0) return;
  throw new UsageError(`Another Longhand works with the database ${name}.`, 'End it first, on every machine.');
}

async function numbersAbove(store: PostgresStore, lastJobId: number): Promise<Record<string, number>> {
  const numbers = await lastNumbers(store.db, 'postgres', await tableNames(store));
  return { ...numbers, transcription_jobs: Math.max(lastJobId, numbers.transcription_jobs ?? 0) };
}

async function fill(inside: PostgresStore, backup: SqliteStore, given: Record<string, number>): Promise<void> {
  await takeStepsTo(inside, await takenMigrations(backup));
  const tables = await tableNames(backup);
  const counts = await copyRows(backup.db, inside.db, tables);
  await refuseOtherCounts(inside.db, counts, inside.name);
  const numbers = await lastNumbers(backup.db, 'sqlite', tables);
  for (const table of Object.keys(numbers)) numbers[table] = Math.max(numbers[table] ?? 0, given[table] ?? 0);
  await raiseNumbers(inside.db, 'postgres', numbers);
}

async function changePlaces(
  store: PostgresStore,
  inside: PostgresStore,
  restoring: string,
): Promise<{ aside?: string }> {
  const schema = await currentSchema(store);
  const [old, restored] = [await tableNames(store), await tableNames(inside)];
  const aside = `longhand_replaced_${timeInName(store.clock.now()).toLowerCase()}_${randomUUID().slice(0, 8)}`;
  await store.db.transaction().execute(async (trx) => {
    const move = async (from: string, tables: string[], to: string) => {
      for (const table of tables) await trx.withSchema(from).schema.alterTable(table).setSchema(to).execute();
    };
    if (old.length > 0) await trx.schema.createSchema(aside).execute();
    await move(schema, old, aside);
    await move(restoring, restored, schema);
  });
  return old.length > 0 ? { aside } : {};
}
