import { Kysely } from 'kysely';
import type { Clock } from '../domain/clock.ts';
import { addressOf } from './postgres-address.ts';
import { RepairedPostgresDialect } from './postgres-dialect.ts';
import { openPool } from './postgres-pool.ts';
import type { Database as Tables } from './schema.ts';
import type { PostgresStore } from './store.ts';

interface Where {
  /** `postgres://…`; it may hold a password, and is shown nowhere. */
  url: string;
  /** Beside it stand the backups. */
  file: string;
  clock: Clock;
  schema?: string;
}

/**
 * Gets ready to connect to a database on a PostgreSQL server; the first question connects. Knows nothing of backups or
 * versions of the schema.
 * @throws UsageError when the address is none
 */
export async function connectPostgres({ url, file, clock, schema }: Where): Promise<PostgresStore> {
  const address = addressOf(url);
  const pool = await openPool(url, address, schema);
  const db = new Kysely<Tables>({ dialect: new RepairedPostgresDialect({ pool }) });
  let closing: Promise<void> | undefined;
  return {
    db,
    dialect: 'postgres',
    clock,
    name: address.name,
    file,
    inSchema: (other) => connectPostgres({ url, file, clock, schema: other }),
    close() {
      closing ??= db.destroy();
      return closing;
    },
  };
}
