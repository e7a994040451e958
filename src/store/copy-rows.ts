import { type Kysely, sql } from 'kysely';
import type { Database } from './schema.ts';
import { TABLES } from './tables.ts';

/** Transcripts may be long, and either database takes only so many values in one INSERT. */
const ROWS_AT_ONCE = 200;

type Db = Kysely<Database>;
type Row = Record<string, unknown>;

/**
 * Copies every row of the tables named, from one database to an empty one of the same schema, whatever either is. The
 * source must stand still: a transaction that sees one moment.
 * @returns how many rows each table has
 * @throws the signal's reason when it aborts
 */
export async function copyRows(
  from: Db,
  to: Db,
  tables: readonly string[],
  signal?: AbortSignal,
): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { name, key, rowsAtOnce = ROWS_AT_ONCE } of TABLES.filter((table) => tables.includes(table.name))) {
    counts[name] = 0;
    for await (const rows of pagesOf(from, name, key, rowsAtOnce)) {
      signal?.throwIfAborted();
      await to
        .insertInto(name)
        .values(rows as never)
        .execute();
      counts[name] += rows.length;
    }
  }
  return counts;
}

/** A table in the order of its key, in parts that begin behind the last row of the part before. */
async function* pagesOf(db: Db, table: string, key: readonly string[], rowsAtOnce: number): AsyncGenerator<Row[]> {
  const columns = sql.join(key.map((column) => sql.ref(column)));
  let last: Row | undefined;
  do {
    const behind = last ? sql`where (${columns}) > (${sql.join(key.map((column) => last?.[column]))})` : sql``;
    const { rows } = await sql<Row>`
      select * from ${sql.table(table)} ${behind} order by ${columns} limit ${sql.lit(rowsAtOnce)}
    `.execute(db);
    if (rows.length > 0) yield rows;
    last = rows.length === rowsAtOnce ? rows.at(-1) : undefined;
  } while (last);
}
