import { type ColumnBuilderCallback, type Kysely, SqliteAdapter } from 'kysely';

/** The types of columns in which SQLite and PostgreSQL differ. */
export interface ColumnTypes {
  /** A whole number that may be a time in milliseconds or a size in bytes. */
  integer: 'integer' | 'bigint';
  /** A number with a fraction, in double precision. */
  real: 'real' | 'double precision';
  /** Makes an integer column the identity: counted up by the database, never given twice. */
  identity: ColumnBuilderCallback;
}

// biome-ignore lint/suspicious/noExplicitAny: a migration sees a database that has no types yet
export function columnTypes(db: Kysely<any>): ColumnTypes {
  if (db.getExecutor().adapter instanceof SqliteAdapter) {
    return { integer: 'integer', real: 'real', identity: (column) => column.primaryKey().autoIncrement() };
  }
  return {
    integer: 'bigint',
    real: 'double precision',
    identity: (column) => column.primaryKey().generatedByDefaultAsIdentity(),
  };
}
