import type { Clock } from '../domain/clock.ts';
import { connectPostgres } from './connect-postgres.ts';
import { connectSqlite } from './connect-sqlite.ts';
import { damaged, isDamage } from './damage.ts';
import { migrateUp } from './migrate.ts';
import { MIGRATIONS, type Migrations } from './migrations/index.ts';
import { refuseOtherEncoding } from './postgres-encoding.ts';
import { pendingMigrations } from './schema-version.ts';
import { explained } from './sqlite-errors.ts';
import { createPrivately, quickCheck, wasUnclean } from './sqlite-file.ts';
import type { Store } from './store.ts';

export type { Store } from './store.ts';

export interface OpenOptions {
  /** The database file; with `url` only where it would be, since backups stand beside it. */
  file: string;
  /** `postgres://…`: the database is on that server, and there is no file. */
  url?: string | undefined;
  clock: Clock;
  /**
   * Takes the steps of the schema that are missing, after a backup; without it the caller must look at
   * `pendingMigrations` before it uses anything else.
   */
  migrate?: boolean;
  migrations?: Migrations;
}

/**
 * Opens the store, and makes it when there is none. After an unclean stop a database file is read from end to end first.
 *
 * @throws DiskError when the database is damaged or its disk cannot be used; a damaged one is named with its newest good
 *   backup and never replaced
 * @throws UsageError when it was written by a newer version, or by another program, or the address is wrong
 * @throws NetworkError when its server cannot be reached
 */
export async function openStore(options: OpenOptions): Promise<Store> {
  const { file, migrate = true, migrations = MIGRATIONS } = options;
  let store: Store | undefined;
  try {
    store = await connect(options);
    await pendingMigrations(store, migrations);
    if (migrate) await migrateUp(store, { migrations });
    return store;
  } catch (error) {
    await store?.close();
    throw isDamage(error) ? damaged({ name: store?.name ?? file, file }, error) : explained(error, file);
  }
}

async function connect({ file, url, clock }: OpenOptions): Promise<Store> {
  if (url === undefined) {
    const unclean = wasUnclean(file);
    createPrivately(file);
    if (unclean) quickCheck(file);
    return connectSqlite({ file, clock });
  }
  const store = await connectPostgres({ url, file, clock });
  try {
    await refuseOtherEncoding(store);
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}
