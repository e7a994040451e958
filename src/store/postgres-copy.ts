import { closeSync, openSync } from 'node:fs';
import { type Kysely, sql } from 'kysely';
import { LonghandError } from '../domain/errors.ts';
import { connectSqlite } from './connect-sqlite.ts';
import { copyRows } from './copy-rows.ts';
import { takeStepsTo } from './migrate-to.ts';
import { MIGRATIONS, type Migrations } from './migrations/index.ts';
import type { Database } from './schema.ts';
import { refuseUnknown, tableNames, takenMigrations } from './schema-version.ts';
import { lastNumbers, raiseNumbers } from './sequences.ts';
import { inThread } from './sqlite-thread.ts';
import type { PostgresStore } from './store.ts';

/**
 * Copies a PostgreSQL database into a new SQLite file of mode 0600: the same schema, every row as it was at one moment.
 * Needs no program of PostgreSQL's. The file is read from end to end afterwards.
 * @throws LonghandError when the copy is not what was copied; the signal's reason when it aborts
 */
export async function copyPostgres(
  store: PostgresStore,
  to: string,
  { signal, migrations = MIGRATIONS }: { signal?: AbortSignal | undefined; migrations?: Migrations | undefined } = {},
): Promise<void> {
  closeSync(openSync(to, 'wx', 0o600));
  const copy = connectSqlite({ file: to, clock: store.clock });
  try {
    const taken = await takenMigrations(store);
    refuseUnknown(taken, migrations, store);
    await takeStepsTo(copy, taken, migrations);
    const tables = await tableNames(store);
    const counts = await atOneMoment(store, (from) =>
      copy.db.transaction().execute(async (trx) => {
        const copied = await copyRows(from, trx, tables, signal);
        await raiseNumbers(trx, 'sqlite', await lastNumbers(from, 'postgres', tables));
        return copied;
      }),
    );
    await refuseOtherCounts(copy.db, counts, to);
    await sql`pragma journal_mode = delete`.execute(copy.db);
  } finally {
    await copy.close();
  }
  const { problem } = await inThread({ do: 'check', file: to }, signal);
  if (problem !== null) throw badCopy(to, problem);
}

/** A transaction that sees the database as it is at its first question, whatever others write meanwhile. */
export async function atOneMoment<T>(store: PostgresStore, work: (db: Kysely<Database>) => Promise<T>): Promise<T> {
  return await store.db
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(async (trx) => {
      // Between two pages a big row may be written elsewhere for longer than a transaction may stand still.
      await sql`set local idle_in_transaction_session_timeout = '10min'`.execute(trx);
      return await work(trx);
    });
}

/** @throws LonghandError when a table has not as many rows as were copied */
export async function refuseOtherCounts(
  db: Kysely<Database>,
  counts: Record<string, number>,
  name: string,
): Promise<void> {
  for (const [table, expected] of Object.entries(counts)) {
    const { rows } = await sql<{ count: number }>`select count(*) as count from ${sql.table(table)}`.execute(db);
    const count = Number(rows[0]?.count);
    if (count !== expected) throw badCopy(name, `${table} has ${count} rows instead of ${expected}`);
  }
}

function badCopy(name: string, problem: string): LonghandError {
  return new LonghandError({
    kind: 'disk',
    message: `The copy ${name} is not what was copied: ${problem}.`,
    remedy: 'Check the disk, then try again.',
  });
}
