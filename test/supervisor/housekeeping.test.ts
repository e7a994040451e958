import { existsSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { AUDIO_FILE } from '../../src/pipeline/artifacts.ts';
import { transition } from '../../src/store/jobs.ts';
import { openStore } from '../../src/store/open.ts';
import { inParts } from '../../src/store/parts.ts';
import type { Store } from '../../src/store/store.ts';
import { type Housekeeping, keepHouse } from '../../src/supervisor/housekeeping.ts';
import { withQueryLog } from '../store/query-log.ts';
import { submit, type TestClock, temporaryFolder, testClock } from '../store/support.ts';

const DAY_MS = 24 * 3_600_000;

async function house() {
  const dataDir = temporaryFolder();
  const clock: TestClock = testClock(Date.now());
  const store = withQueryLog(await openStore({ file: join(dataDir, 'longhand.db'), clock }));
  onTestFinished(() => store.close());
  for (const folder of ['jobs', 'logs']) mkdirSync(join(dataDir, folder));
  const held = new Set<number>();
  return {
    store,
    clock,
    held,
    dataDir,
    /** Scratch files of a job. */
    leave(id: number): string {
      const scratch = join(dataDir, 'jobs', String(id), 'scratch');
      mkdirSync(scratch, { recursive: true });
      return scratch;
    },
    keep(more: Partial<Housekeeping> = {}) {
      const limits = { logDays: 7, logTotalBytes: 1e9, logBytesPerJob: 1e9, uploadKeepMs: DAY_MS };
      const holds = (id: number) => held.has(id);
      return keepHouse({ store, dataDir, now: clock.now(), since: 0, ...limits, holds, ...more });
    },
  };
}

/** A job that rests. */
async function resting(store: Store): Promise<number> {
  const id = await submit(store);
  await transition(store, id, 'cancelled', { actor: 'user', reason: 'not wanted' });
  return id;
}

describe('keeping house', () => {
  test('removes what resting jobs left, and nothing of one that waits or is held', async () => {
    const { store, held, leave, keep } = await house();
    const [done, waiting, running] = [await resting(store), await submit(store), await resting(store)];
    held.add(running);
    const [gone, ...kept] = [done, waiting, running].map(leave);
    expect(await keep()).toMatchObject({ jobs: 1 });
    expect(existsSync(gone as string)).toBe(false);
    expect(kept.map((folder) => existsSync(folder))).toEqual([true, true]);
  });

  test('in a round touches only jobs that were changed since the last one, and those that are gone', async () => {
    const { store, clock, leave, keep } = await house();
    const before = leave(await resting(store));
    clock.advance(1_000);
    const since = clock.now();
    const after = leave(await resting(store));
    const unknown = leave(99);
    expect(await keep({ since })).toMatchObject({ jobs: 2 });
    expect([before, after, unknown].map((folder) => existsSync(folder))).toEqual([true, false, false]);
    expect(await keep()).toMatchObject({ jobs: 1 });
    expect(existsSync(before)).toBe(false);
  });

  test('asks the store for a thousand jobs at a time', async () => {
    const { store, dataDir, keep } = await house();
    const ids = Array.from({ length: 1_200 }, (_, index) => index + 1);
    for (const id of ids) mkdirSync(join(dataDir, 'jobs', String(id)));
    const completed = ids.map((id) => ({
      ...{ id, filename: 'a.wav', status: 'completed' as const, created_at: 1, updated_at: 1 },
    }));
    for (const rows of inParts(completed)) await store.db.insertInto('transcription_jobs').values(rows).execute();
    store.queries.length = 0;
    expect(await keep({ since: 2 })).toMatchObject({ jobs: 0 });
    expect(store.queries.filter((query) => query.includes('"updated_at"'))).toHaveLength(2);
    expect(store.queries.length).toBeLessThan(10);
  });

  test('keeps the audio of a job that is gone for a day, and its transcript for ever', async () => {
    const { dataDir, clock, keep } = await house();
    const folder = join(dataDir, 'jobs', '7');
    mkdirSync(folder);
    const [audio, transcript] = [join(folder, AUDIO_FILE), join(folder, 'transcript.json')];
    for (const file of [audio, transcript]) writeFileSync(file, '');
    expect(await keep()).toMatchObject({ jobs: 0 });
    const dayAgo = new Date(clock.now() - DAY_MS - 1_000);
    utimesSync(folder, dayAgo, dayAgo);
    expect(await keep()).toMatchObject({ jobs: 1 });
    expect([existsSync(audio), existsSync(transcript)]).toEqual([false, true]);
  });

  test('leaves folders alone whose name is no number of a job', async () => {
    const { dataDir, keep } = await house();
    const names = ['notes', '99999999999999999999'];
    for (const name of names) mkdirSync(join(dataDir, 'jobs', name, 'scratch'), { recursive: true });
    expect(await keep()).toMatchObject({ jobs: 0 });
    expect(names.map((name) => existsSync(join(dataDir, 'jobs', name, 'scratch')))).toEqual([true, true]);
  });
});
