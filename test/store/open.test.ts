import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import { backupStore } from '../../src/store/backup.ts';
import { listPage } from '../../src/store/job-list.ts';
import { openStore } from '../../src/store/open.ts';
import { openReadOnly } from '../../src/store/read-only.ts';
import type { Store } from '../../src/store/store.ts';
import { damageMiddle } from './damage.ts';
import { submit, temporaryFolder, testClock } from './support.ts';

async function openAt(file: string): Promise<Store> {
  const store = await openStore({ file, clock: testClock() });
  onTestFinished(() => store.close());
  return store;
}

/** A closed database of some size, so that there are pages to damage. */
async function filled(folder: string): Promise<string> {
  const file = join(folder, 'longhand.db');
  const store = await openAt(file);
  for (let n = 0; n < 40; n++) await submit(store, { filename: `${n}-${'x'.repeat(2000)}.flac` });
  await store.close();
  return file;
}

async function backUp(file: string, clock = testClock()): Promise<string> {
  const store = openReadOnly({ file, clock });
  try {
    return await backupStore(store);
  } finally {
    await store.close();
  }
}

const modeOf = (path: string) => statSync(path).mode & 0o777;

test('database and folder are for the user alone, also when they were not', async () => {
  const folder = join(temporaryFolder(), 'deep', 'data');
  const file = join(folder, 'longhand.db');
  const store = await openAt(file);
  await submit(store);
  expect([folder, file, `${file}-wal`, `${file}-shm`].map(modeOf)).toEqual([0o700, 0o600, 0o600, 0o600]);
  await store.close();
  chmodSync(file, 0o644);
  await openAt(file);
  expect(modeOf(file)).toBe(0o600);
});

test('the connection is as safe as it must be', async () => {
  const { db } = await openAt(join(temporaryFolder(), 'longhand.db'));
  const pragma = async (name: string) => Object.values((await sql.raw(`pragma ${name}`).execute(db)).rows[0] as object);
  expect(await pragma('journal_mode')).toEqual(['wal']);
  expect(await pragma('synchronous')).toEqual([2]);
  expect(await pragma('foreign_keys')).toEqual([1]);
  expect(await pragma('busy_timeout')).toEqual([5000]);
});

test('after an unclean stop a damage that nobody would notice is found', async () => {
  const folder = temporaryFolder();
  const file = await filled(folder);
  const backup = await backUp(file);
  damageMiddle(file);
  const careless = await openAt(file);
  expect((await listPage(careless, {}, { sort: 'newest', limit: 1 })).jobs.length).toBe(1);
  await careless.close();

  writeFileSync(`${file}-wal`, 'left by a dead process');
  const before = readFileSync(file);
  for (const _ of ['first', 'second']) {
    await expect(openAt(file)).rejects.toMatchObject({
      kind: 'disk',
      message: expect.stringContaining(`The database ${file} is damaged`),
      remedy: expect.stringContaining(backup),
    });
  }
  expect(readFileSync(file).equals(before)).toBe(true);
});

test.each([
  [
    'garbage',
    (file: string) => writeFileSync(file, 'no database at all, but long enough to be taken for one'.repeat(99)),
  ],
  ['cut short', (file: string) => truncateSync(file, 20_000)],
  ['emptied', (file: string) => truncateSync(file, 0)],
  ['gone', (file: string) => rmSync(file)],
])('a database that is %s is reported with the newest good backup, and not made anew', async (_, harm) => {
  const folder = temporaryFolder();
  const file = await filled(folder);
  const clock = testClock();
  const good = await backUp(file, clock);
  clock.advance(1000);
  const bad = await backUp(file, clock);
  truncateSync(bad, 20_000);
  await harm(file);
  const before = existsSync(file) ? readFileSync(file) : undefined;
  await expect(openAt(file)).rejects.toMatchObject({ kind: 'disk', remedy: expect.stringContaining(good) });
  expect(existsSync(file) ? readFileSync(file) : undefined).toEqual(before);
});

test('without any backup the remedy says so', async () => {
  const file = join(temporaryFolder(), 'longhand.db');
  writeFileSync(file, 'x'.repeat(5000));
  await expect(openAt(file)).rejects.toMatchObject({
    kind: 'disk',
    remedy: expect.stringMatching(/There is no good backup in .*Keep the database/),
  });
});

test('a path that cannot be opened is told in a sentence', async () => {
  const file = join(temporaryFolder(), 'longhand.db');
  mkdirSync(file);
  await expect(openAt(file)).rejects.toThrow();
  const blocked = join(temporaryFolder(), 'file');
  writeFileSync(blocked, '');
  await expect(openAt(join(blocked, 'longhand.db'))).rejects.toThrow(/file/);
});

test('a full disk is told as one, and what was accepted before stays', async () => {
  const store = await openAt(join(temporaryFolder(), 'longhand.db'));
  const id = await submit(store);
  const { rows } = await sql<{ page_count: number }>`pragma page_count`.execute(store.db);
  await sql.raw(`pragma max_page_count = ${rows[0]!.page_count}`).execute(store.db);
  const tooMuch = submit(store, { filename: 'x'.repeat(1_000_000) });
  await expect(tooMuch).rejects.toMatchObject({
    kind: 'disk',
    message: `There is no space left for the database ${store.file}.`,
  });
  expect((await listPage(store, {}, { sort: 'newest', limit: 9 })).jobs.map((job) => job.id)).toEqual([id]);
  await sql.raw('pragma max_page_count = 1000000').execute(store.db);
  expect(await submit(store)).toBeGreaterThan(id);
});
