import { sql } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import { allEngines } from '../../src/engines/registry.ts';
import { Readiness, type ReadinessOptions } from '../../src/jobs/readiness.ts';
import { openStore } from '../../src/store/open.ts';
import { queuePause } from '../../src/store/queue-state.ts';
import { tryWriting } from '../../src/store/writable.ts';
import { everything, temporaryFolder, testClock } from '../store/support.ts';

const WISH = { engine: 'pocketsphinx', model: 'auto', language: 'en' } as const;

async function readiness(more: Partial<ReadinessOptions> = {}) {
  const clock = testClock();
  const dataDir = temporaryFolder();
  const store = await openStore({ file: `${dataDir}/longhand.db`, clock });
  onTestFinished(() => store.close());
  const state = { stopping: false, freeBytes: 1e12 };
  const ready = new Readiness({
    ...{ store, clock, dataDir, engines: allEngines(), settings: { cacheDir: dataDir }, wish: WISH },
    stopping: () => state.stopping,
    pause: () => queuePause(store),
    diskSpace: async () => ({ freeBytes: state.freeBytes, totalBytes: 2e12 }),
    ...more,
  });
  const codes = async () => (await ready.obstacles()).map(({ code }) => code);
  return { ready, state, store, clock, codes };
}

test('work can be taken; asking leaves nothing behind', async () => {
  const { store, codes } = await readiness();
  const before = await everything(store);
  expect(await codes()).toEqual([]);
  await tryWriting(store);
  expect(await everything(store)).toEqual(before);
});

test('a database that takes no changes, a full disk and no recogniser are each told, and their end too', async () => {
  const { store, state, clock, codes, ready } = await readiness();
  await sql`pragma query_only = on`.execute(store.db);
  state.freeBytes = 1_000_000;
  expect(await codes()).toEqual(['database_not_writable', 'disk_full']);
  const [database, disk] = await ready.obstacles();
  expect(database?.message).toMatch(/^The database .*longhand\.db cannot be written\.$/);
  expect(disk?.message).toMatch(/^Only 976\.6 KB are free/);
  await sql`pragma query_only = off`.execute(store.db);
  state.freeBytes = 1e12;
  // Probes from several sides within two seconds get the same answer.
  expect(await codes()).toEqual(['database_not_writable', 'disk_full']);
  clock.advance(2_000);
  expect(await codes()).toEqual([]);
  state.stopping = true;
  expect(await codes()).toEqual(['shutting_down']);
});

test('without a recogniser nothing can be done', async () => {
  const { codes, ready } = await readiness({ wish: { ...WISH, engine: 'whisper' } });
  expect(await codes()).toEqual(['no_engine']);
  expect((await ready.obstacles())[0]?.remedy).toMatch(/longhand/);
});
