import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { makeUploadFolder, newUploadId, partOf, settleUpload, uploadsFolder } from '../../src/files/upload-folder.ts';
import { openStore } from '../../src/store/open.ts';
import { removeJob } from '../../src/store/remove-job.ts';
import { type OldUploads, removeOldUploads } from '../../src/supervisor/old-uploads.ts';
import { submit, temporaryFolder, testClock } from '../store/support.ts';

const HOUR_MS = 3_600_000;
const KEEP_MS = 24 * HOUR_MS;

async function uploads() {
  const dataDir = temporaryFolder();
  const clock = testClock(Date.now());
  const open = async (name: string) => {
    const store = await openStore({ file: join(dataDir, name), clock });
    onTestFinished(() => store.close());
    return store;
  };
  const store = await open('longhand.db');
  return {
    ...{ dataDir, clock, store, open },
    ids: () => readdirSync(uploadsFolder(dataDir)).sort(),
    remove: (more: Partial<OldUploads> = {}) =>
      removeOldUploads({ store, dataDir, now: clock.now(), keepMs: KEEP_MS, ...more }),
    /** An upload whose bytes have come. @returns its id and its recording */
    async whole() {
      const id = newUploadId();
      const folder = makeUploadFolder(dataDir, id);
      writeFileSync(partOf(folder), 'sound');
      return { id, path: await settleUpload(folder, 'talk.wav') };
    },
  };
}

test('what was broken off goes a day after its last byte, and what a job is for stays', async () => {
  const { store, dataDir, clock, ids, remove, whole } = await uploads();
  expect(await remove()).toBe(0);
  const [used, unused] = [await whole(), await whole()];
  await submit(store, { originalPath: used.path, sourceBytes: 5 });
  const broken = newUploadId();
  const part = partOf(makeUploadFolder(dataDir, broken));
  writeFileSync(part, 'sou');
  mkdirSync(join(uploadsFolder(dataDir), 'notes'));
  clock.advance(23 * HOUR_MS);
  expect(await remove()).toBe(0);
  const now = new Date(clock.now());
  utimesSync(part, now, now);
  clock.advance(2 * HOUR_MS);
  expect(await remove()).toBe(1);
  expect(ids()).toEqual([used.id, broken, 'notes'].sort());
  clock.advance(KEEP_MS);
  expect(await remove()).toBe(1);
  expect(ids()).toEqual([used.id, 'notes'].sort());
  expect(existsSync(unused.path)).toBe(false);
});

test('what came in one piece to a process that was killed goes at once, and what can be taken up again stays', async () => {
  const { dataDir, clock, ids, remove, whole } = await uploads();
  const unused = await whole();
  writeFileSync(partOf(makeUploadFolder(dataDir, newUploadId())), 'sou');
  const resumable = newUploadId();
  const folder = makeUploadFolder(dataDir, resumable);
  writeFileSync(partOf(folder), 'sou');
  writeFileSync(join(folder, '.upload.json'), '{}');
  clock.advance(1000);
  const brokenBefore = clock.now();
  const coming = newUploadId();
  const part = partOf(makeUploadFolder(dataDir, coming));
  writeFileSync(part, 's');
  const later = new Date(clock.now() + 1000);
  utimesSync(part, later, later);
  expect(await remove({ brokenBefore })).toBe(1);
  expect(ids()).toEqual([unused.id, resumable, coming].sort());
});

test('the recording of a job that was half deleted goes, unless another job is for it', async () => {
  const { store, ids, remove, whole } = await uploads();
  const { id, path } = await whole();
  const source = { originalPath: path, sourceBytes: 5 };
  const [first, second] = [await submit(store, source), await submit(store, source)];
  expect(await remove()).toBe(0);
  await removeJob(store, first, { actor: 'user' });
  expect(await remove()).toBe(0);
  expect(ids()).toEqual([id]);
  await removeJob(store, second, { actor: 'user' });
  expect(await remove()).toBe(1);
  expect(ids()).toEqual([]);
});

test('an older database that was restored does not cost recordings whose jobs it does not know', async () => {
  const { store, open, clock, ids, remove, whole } = await uploads();
  const { id, path } = await whole();
  await submit(store, { originalPath: path, sourceBytes: 5 });
  await remove();
  clock.advance(10 * KEEP_MS);
  expect(await remove({ store: await open('older.db') })).toBe(0);
  expect(ids()).toEqual([id]);
});
