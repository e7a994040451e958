import { statSync } from 'node:fs';
import { sql } from 'kysely';
import type { Store } from './store.ts';

/** The bytes that the database takes on its disk: a file with its log, or what the server says; backups apart. */
export async function databaseBytes(store: Store): Promise<number> {
  if (store.dialect === 'sqlite') return bytesOf(store.file) + bytesOf(`${store.file}-wal`);
  const { rows } = await sql<{ bytes: number }>`select pg_database_size(current_database()) as bytes`.execute(store.db);
  return Number(rows[0]?.bytes);
}

function bytesOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
