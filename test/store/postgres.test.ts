import { join } from 'node:path';
import { sql } from 'kysely';
import { beforeAll, onTestFinished } from 'vitest';
import { openStore } from '../../src/store/open.ts';
import { TABLES } from '../../src/store/tables.ts';
import { storeConformance } from './conformance.ts';
import { onPostgres } from './dialects.ts';
import { temporaryFolder } from './support.ts';

onPostgres((server) => {
  beforeAll(async () => {
    await server.query('create database conformance');
  });

  storeConformance('PostgreSQL', async (clock) => {
    const file = join(temporaryFolder(), 'longhand.db');
    const store = await openStore({ url: server.url('conformance'), file, clock });
    onTestFinished(() => store.close());
    // To empty one database takes a tenth of the time that making one does.
    const tables = sql.join(TABLES.map(({ name }) => sql.table(name)));
    await sql`truncate ${tables} restart identity`.execute(store.db);
    return store;
  });
});
