import type { Kysely, Transaction } from 'kysely';
import type { Clock } from '../domain/clock.ts';
import type { Database } from './schema.ts';

/** An open store. Every function of this folder takes one as its first argument. */
export interface Store {
  readonly db: Kysely<Database>;
  readonly dialect: 'sqlite' | 'postgres';
  readonly clock: Clock;
  /** The database file. */
  readonly file: string;
  /** Writes everything home and closes. A second call does nothing. */
  close(): Promise<void>;
}

export type Trx = Transaction<Database>;
