import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { auditTrail } from '../../src/jobs/audit.ts';
import { deleteJob } from '../../src/jobs/delete.ts';
import { openStore } from '../../src/store/open.ts';
import { removeJob } from '../../src/store/remove-job.ts';
import type { Store } from '../../src/store/store.ts';
import { removeLeftOfDeleted } from '../../src/supervisor/deleted-jobs.ts';
import { everything, submit, temporaryFolder, testClock, working } from '../store/support.ts';

async function world(): Promise<{ store: Store; dataDir: string }> {
  const dataDir = temporaryFolder();
  for (const folder of ['jobs', 'logs']) mkdirSync(join(dataDir, folder));
  const store = await openStore({ file: join(dataDir, 'longhand.db'), clock: testClock() });
  onTestFinished(() => store.close());
  return { store, dataDir };
}

function writeFilesOf(dataDir: string, id: number): void {
  mkdirSync(join(dataDir, 'jobs', String(id)));
  writeFileSync(join(dataDir, 'jobs', String(id), 'transcript.json'), '{}');
  for (const part of ['', '.0-10.gz', '.start'])
    writeFileSync(join(dataDir, 'logs', `transcribe_job_${id}.log${part}`), '');
}

it('ends the work first and waits for its end, then removes rows and files; the trail stays', async () => {
  const { store } = await world();
  const { job } = await working(store);
  const steps: string[] = [];
  const context = {
    store,
    stop: (id: number, why: string) => steps.push(`stop ${id} ${why}`) > 0,
    settled: async () => void steps.push(`settled, ${(await everything(store)).jobs?.length} there`),
    removeFiles: async () => void steps.push(`files, ${(await everything(store)).jobs?.length} there`),
  };
  expect(await deleteJob(context, job.id)).toEqual({
    id: job.id,
    filename: 'interview.flac',
    from: 'processing',
    recordingRemoved: false,
  });
  expect(steps).toEqual([`stop ${job.id} cancel`, 'settled, 1 there', 'files, 0 there']);
  const { events, ...rest } = await everything(store);
  const none = { jobs: [], queue: [], runs: [], usage: [], stages: [], chunks: [], artifacts: [], versions: [] };
  expect(rest).toEqual(none);
  expect(events?.length).toBe(4);
  const [last] = await auditTrail(store, { limit: 1 });
  expect(last).toMatchObject({ job: job.id, sentence: 'Deleted by the user (interview.flac; it was cancelled).' });
  await expect(deleteJob(context, job.id)).rejects.toThrow(`Job ${job.id} was deleted.`);
});

it('the files of a job that was half deleted are removed by housekeeping, and of no other', async () => {
  const { store, dataDir } = await world();
  const [deleted, kept] = [await submit(store), await submit(store)];
  const restored = 77;
  for (const id of [deleted, kept, restored]) writeFilesOf(dataDir, id);
  writeFileSync(join(dataDir, 'logs', 'longhand.log'), '');
  await removeJob(store, deleted, { actor: 'user' });
  expect(await removeLeftOfDeleted(store, dataDir, (id) => id === deleted)).toBe(0);
  expect(await removeLeftOfDeleted(store, dataDir, () => false)).toBe(1);
  expect(readdirSync(join(dataDir, 'jobs')).sort()).toEqual([String(kept), String(restored)].sort());
  expect(readdirSync(join(dataDir, 'logs')).filter((name) => name.includes(`_${deleted}.`))).toEqual([]);
  expect(existsSync(join(dataDir, 'logs', 'longhand.log'))).toBe(true);
  expect(readdirSync(join(dataDir, 'logs')).length).toBe(7);
});

it('a job that is being worked on is not removed', async () => {
  const { store } = await world();
  const { job } = await working(store);
  const before = await everything(store);
  expect(await removeJob(store, job.id, { actor: 'user' })).toBeUndefined();
  expect(await everything(store)).toEqual(before);
});
