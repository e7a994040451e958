import { sql } from 'kysely';
import { UsageError } from '../domain/errors.ts';
import type { PostgresStore } from './store.ts';

/** @throws UsageError when the database cannot hold every language */
export async function refuseOtherEncoding({ db, name }: PostgresStore): Promise<void> {
  const { rows } = await sql<{ encoding: string }>`select current_setting('server_encoding') as encoding`.execute(db);
  const encoding = rows[0]?.encoding;
  if (encoding === 'UTF8') return;
  throw new UsageError(
    `The database ${name} is made for ${encoding} and cannot hold every language.`,
    'Make one that can: createdb --encoding=UTF8 --template=template0 longhand',
  );
}
