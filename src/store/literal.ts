import { type RawBuilder, sql } from 'kysely';
import type { JobStatus } from '../domain/job.ts';

/**
 * A value as it stands in the text of a query, instead of a parameter. It is what a `limit` and every comparison with a
 * job's `status` must be. SQLite looks at these when it plans: a partial index is used only when its condition stands in
 * the query; and a parameter in such a place makes it prepare the statement again at every call, which costs forty times
 * the query itself (https://www.sqlite.org/c3ref/c_dbconfig_defensive.html, SQLITE_DBCONFIG_ENABLE_QPSG).
 */
export function literal<T extends JobStatus | number>(value: T): RawBuilder<T> {
  return sql.lit(value);
}

export const PROCESSING = literal('processing');
