import { sql } from 'kysely';
import { DamagedDatabase, damaged, isDamage, newestGoodBackup } from './damage.ts';
import { pendingMigrations, tableNames, takenMigrations } from './schema-version.ts';
import { databaseBytes } from './size.ts';
import { inThread } from './sqlite-thread.ts';
import type { PostgresStore, Store } from './store.ts';
import { TABLES } from './tables.ts';

export interface DatabaseFacts {
  /** The last step of the schema that it has taken; null in an empty one. */
  version: string | null;
  /** The steps that the next start takes. */
  pending: string[];
  jobs: number;
  bytes: number;
}

/** What is known of a sound database. */
export interface Examined extends DatabaseFacts {
  /** The newest backup that can be read from end to end. */
  newestBackup: string | null;
}

/** What a database says of itself, quickly. */
export async function databaseFacts(store: Store): Promise<DatabaseFacts> {
  const taken = await takenMigrations(store);
  return {
    version: taken.at(-1) ?? null,
    pending: await pendingMigrations(store),
    jobs: taken.length > 0 ? await countJobs(store) : 0,
    bytes: await databaseBytes(store),
  };
}

/**
 * Reads a database from end to end, while it is in use, without changing it: every page and index of a file, every row of
 * every table on a server, which checks its own indexes only when it is asked to (`amcheck`).
 * @throws DiskError when it is damaged, with the newest good backup and the command that brings it back
 */
export async function examineStore(store: Store): Promise<Examined> {
  try {
    if (store.dialect === 'sqlite') await readFile(store.file);
    else await readTables(store);
    return { ...(await databaseFacts(store)), newestBackup: newestGoodBackup(store.file) ?? null };
  } catch (error) {
    throw isDamage(error) ? damaged(store, error) : error;
  }
}

async function readFile(file: string): Promise<void> {
  const { problem } = await inThread({ do: 'check', file });
  if (problem !== null) throw new DamagedDatabase(problem);
}

async function readTables(store: PostgresStore): Promise<void> {
  const there = await tableNames(store);
  for (const { name } of TABLES.filter((table) => there.includes(table.name))) {
    await sql`select sum(length(t::text)) from ${sql.table(name)} as t`.execute(store.db);
  }
}

/** How many jobs there are. */
async function countJobs({ db }: Store): Promise<number> {
  const { count } = await db
    .selectFrom('transcription_jobs')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}
