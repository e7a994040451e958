import { mkdtempSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { copyDatabase } from './backup.ts';
import { connectSqlite } from './connect-sqlite.ts';
import { copyRows } from './copy-rows.ts';
import { takeStepsTo } from './migrate-to.ts';
import type { Migrations } from './migrations/index.ts';
import { atOneMoment } from './postgres-copy.ts';
import { inNewSchema } from './postgres-schema.ts';
import { tableNames, takenMigrations } from './schema-version.ts';
import { lastNumbers, raiseNumbers } from './sequences.ts';
import type { PostgresStore, SqliteStore, Store } from './store.ts';

/** Does the work on a copy of the database, of the same kind and beside it, which is gone afterwards. */
export async function onCopy<T>(store: Store, migrations: Migrations, work: (copy: Store) => Promise<T>): Promise<T> {
  return await (store.dialect === 'sqlite' ? onCopiedFile(store, work) : onCopiedTables(store, migrations, work));
}

async function onCopiedFile<T>(store: SqliteStore, work: (copy: Store) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(dirname(store.file), 'dry-run-'));
  try {
    const file = join(folder, 'longhand.db');
    await copyDatabase(store.file, file);
    const copy = connectSqlite({ file, clock: store.clock });
    try {
      return await work(copy);
    } finally {
      await copy.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Tables of another kind would not show whether a step can be taken here. */
async function onCopiedTables<T>(
  store: PostgresStore,
  migrations: Migrations,
  work: (copy: Store) => Promise<T>,
): Promise<T> {
  return await inNewSchema(store, 'longhand_dry_run', async (copy) => {
    await takeStepsTo(copy, await takenMigrations(store), migrations);
    const tables = await tableNames(store);
    await atOneMoment(store, async (from) => {
      await copyRows(from, copy.db, tables);
      await raiseNumbers(copy.db, 'postgres', await lastNumbers(from, 'postgres', tables));
    });
    return await work(copy);
  });
}
