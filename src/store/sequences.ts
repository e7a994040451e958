import { type Kysely, sql } from 'kysely';
import type { Database } from './schema.ts';
import type { Store, Trx } from './store.ts';
import { isNumbered, TABLES } from './tables.ts';

type Db = Kysely<Database>;
type Dialect = Store['dialect'];

const NUMBERED = TABLES.filter(isNumbered).map(({ name }) => name as string);

/**
 * Makes the ids that are counted up go on behind one that a job brings along. SQLite does so by itself; PostgreSQL's
 * sequence must be told. Meanwhile nobody else inserts a job, so that the sequence is never set behind a number that it has
 * just given. The lock is the first that the transaction takes, so that it waits for nobody who waits for it.
 */
export async function countOnFrom(store: Store, trx: Trx, id: number): Promise<void> {
  if (store.dialect === 'sqlite') return;
  await sql`lock table transcription_jobs in share row exclusive mode`.execute(trx);
  await raiseNumbers(trx, store.dialect, { transcription_jobs: id });
}

/** The highest number that each table ever gave, be its row there or gone; 0 where it gave none. */
export async function lastNumbers(
  db: Db,
  dialect: Dialect,
  tables: readonly string[],
): Promise<Record<string, number>> {
  const numbers: Record<string, number> = {};
  for (const table of NUMBERED.filter((name) => tables.includes(name))) {
    const { rows } = await (dialect === 'sqlite'
      ? sql<{ last: number }>`select seq as last from sqlite_sequence where name = ${table}`
      : sql<{
          last: number | null;
        }>`select pg_sequence_last_value(pg_get_serial_sequence(${table}, 'id')::regclass) as last`
    ).execute(db);
    numbers[table] = Number(rows[0]?.last ?? 0);
  }
  return numbers;
}

/** Makes tables give numbers above these only. One that is further already stays as it is. */
export async function raiseNumbers(db: Db, dialect: Dialect, numbers: Record<string, number>): Promise<void> {
  const last = await lastNumbers(db, dialect, Object.keys(numbers));
  for (const [table, given] of Object.entries(numbers)) {
    if (given <= (last[table] ?? 0)) continue;
    if (dialect === 'postgres') {
      await sql`select setval(pg_get_serial_sequence(${table}, 'id')::regclass, ${given})`.execute(db);
    } else {
      await sql`delete from sqlite_sequence where name = ${table}`.execute(db);
      await sql`insert into sqlite_sequence (name, seq) values (${table}, ${given})`.execute(db);
    }
  }
}
