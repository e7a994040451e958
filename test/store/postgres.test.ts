import { join } from 'node:path';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { openStore } from '../../src/store/open.ts';
import { TABLES } from '../../src/store/tables.ts';
import { storeConformance } from './conformance.ts';
import { onPostgres } from './dialects.ts';
import { temporaryFolder } from './support.ts';

onPostgres((server) => {
  const database = `conformance_${process.pid}`;
  beforeAll(() => server.query(`create database ${database}`));
  afterAll(() => server.query(`drop database ${database} with (force)`));

  storeConformance('PostgreSQL', async (clock) => {
    const file = join(temporaryFolder(), 'longhand.db');
    const store = await openStore({ url: server.url(database), file, clock });
    onTestFinished(() => store.close());
    await server.query(EMPTY, database);
    return store;
  });
});

/** To empty one database takes a tenth of the time that making one does; to truncate it, which makes new files, ten times as long. */
const EMPTY = `
  ${[...TABLES]
    .reverse()
    .map(({ name }) => `delete from ${name};`)
    .join('\n')}
  select setval(quote_ident(sequencename)::regclass, 1, false) from pg_sequences where schemaname = current_schema();
`;
