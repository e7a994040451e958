import type { Kysely, Transaction } from 'kysely';
import type { Clock } from '../domain/clock.ts';
import type { CommittedRows } from './committed-rows.ts';
import type { Database } from './schema.ts';

interface OpenStore {
  readonly db: Kysely<Database>;
  readonly clock: Clock;
  /** What sentences call the database: the file, or the server's address without its password. */
  readonly name: string;
  /** The database file. With PostgreSQL there is none, and this is where it would be: backups stand beside it. */
  readonly file: string;
  /** Writes everything home and closes. A second call does nothing. */
  close(): Promise<void>;
}

export interface SqliteStore extends OpenStore {
  readonly dialect: 'sqlite';
  /** For what is asked with every request. */
  readonly committedRows: CommittedRows;
}

export interface PostgresStore extends OpenStore {
  readonly dialect: 'postgres';
  /** The same database, seen through another schema of it; closed on its own. */
  inSchema(schema: string): Promise<PostgresStore>;
}

/** An open store. Every function of this folder takes one as its first argument. */
export type Store = SqliteStore | PostgresStore;

export type Trx = Transaction<Database>;
