import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { getShortJob } from '../../src/store/job-summary.ts';
import { openStore } from '../../src/store/open.ts';
import { inTransaction } from '../../src/store/transaction.ts';
import { submit, type TestClock, temporaryFolder, testClock } from './support.ts';

async function opened() {
  const file = join(temporaryFolder(), 'longhand.db');
  const clock: TestClock = testClock();
  const store = await openStore({ file, clock });
  onTestFinished(() => store.close());
  if (store.dialect !== 'sqlite') throw new Error('It is no SQLite.');
  return { store, clock, file };
}

const rename = { filename: 'another.wav' };

test('a row is there at once, and is the same one as long as nothing has changed', async () => {
  const { store } = await opened();
  const id = await submit(store);
  const job = getShortJob(store, id);
  expect(job).toMatchObject({ id, status: 'pending' });
  expect(getShortJob(store, id)).toBe(job);
  expect(Object.isFrozen(job)).toBe(true);
});

test('what was changed is seen at once, as is what is new and what is gone', async () => {
  const { store } = await opened();
  const id = await submit(store);
  const jobs = store.db.updateTable('transcription_jobs').where('id', '=', id);
  expect(getShortJob(store, id + 1)).toBeUndefined();
  expect(await getShortJob(store, id)).not.toMatchObject(rename);
  await jobs.set(rename).execute();
  expect(getShortJob(store, id)).toMatchObject(rename);
  expect(await submit(store)).toBe(id + 1);
  expect(getShortJob(store, id + 1)).toMatchObject({ id: id + 1 });
  await store.db.deleteFrom('transcription_queue').where('job_id', '=', id).execute();
  await store.db.deleteFrom('transcription_jobs').where('id', '=', id).execute();
  expect(getShortJob(store, id)).toBeUndefined();
});

test('what a transaction has written is not seen before it is committed, nor when it never is', async () => {
  const { store } = await opened();
  const id = await submit(store);
  const before = await getShortJob(store, id);
  let looked: unknown;
  const failing = inTransaction(store, async (trx) => {
    await trx.updateTable('transcription_jobs').where('id', '=', id).set(rename).execute();
    // It has to wait for its turn, so it cannot be awaited in here.
    looked = getShortJob(store, id);
    throw new Error('It is rolled back.');
  });
  await expect(failing).rejects.toThrow('rolled back');
  expect(looked).toBeInstanceOf(Promise);
  expect(await looked).toEqual(before);
  expect(getShortJob(store, id)).toEqual(before);
});

test('a change by hand, past the owner, is seen in a moment', async () => {
  const { store, clock, file } = await opened();
  const id = await submit(store);
  expect(await getShortJob(store, id)).not.toMatchObject(rename);
  const other = new Database(file);
  other.prepare('update transcription_jobs set filename = ? where id = ?').run(rename.filename, id);
  other.close();
  clock.advance(100);
  expect(getShortJob(store, id)).toMatchObject(rename);
});

test('only so many rows are kept', async () => {
  const { store } = await opened();
  const id = await submit(store);
  const job = getShortJob(store, id);
  for (let other = 1; other <= 1_000; other += 1) getShortJob(store, id + other);
  expect(getShortJob(store, id)).not.toBe(job);
  expect(getShortJob(store, id)).toEqual(job);
});
