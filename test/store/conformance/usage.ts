import { expect, test } from 'vitest';
import { endRun } from '../../../src/store/runs.ts';
import type { Store } from '../../../src/store/store.ts';
import { addUsage, listUsage, MAX_USAGE_SAMPLES, thinUsage, type UsageSample } from '../../../src/store/usage.ts';
import type { OpenEmpty } from '../conformance.ts';
import { everything, testClock, working } from '../support.ts';

function sample(at: number, more: Partial<UsageSample> = {}): UsageSample {
  return { at, elapsedSeconds: at / 1000, cpuPercent: 187.5, memoryBytes: 3_000_000_000, progress: 41.5, ...more };
}

async function fill(store: Store, runId: number, count: number): Promise<number[]> {
  const moments = Array.from({ length: count }, (_, index) => 1000 + index * 5);
  for (const at of moments) await addUsage(store, runId, sample(at));
  return moments;
}

async function momentsOf(store: Store, runId: number): Promise<number[]> {
  return (await listUsage(store, runId)).map(({ at }) => at);
}

export function usageTests(open: OpenEmpty): void {
  test('samples are kept as they were given, in order, and counted', async () => {
    const store = await open(testClock());
    const { run } = await working(store);
    const unknown = sample(500, { cpuPercent: null, memoryBytes: null, progress: null });
    expect(await addUsage(store, run.id, sample(1000))).toBe(1);
    expect(await addUsage(store, run.id, unknown)).toBe(2);
    expect(await listUsage(store, run.id)).toEqual([unknown, sample(1000)]);
  });

  test('a second sample of the same moment takes the place of the first', async () => {
    const store = await open(testClock());
    const { run } = await working(store);
    await addUsage(store, run.id, sample(1000));
    expect(await addUsage(store, run.id, sample(1000, { cpuPercent: 3, progress: null }))).toBe(1);
    expect(await listUsage(store, run.id)).toEqual([sample(1000, { cpuPercent: 3, progress: null })]);
  });

  test('each run has its own', async () => {
    const store = await open(testClock());
    const [first, second] = [await working(store), await working(store)];
    const moments = await fill(store, first.run.id, 6);
    expect(await addUsage(store, second.run.id, sample(1000))).toBe(1);
    expect(await thinUsage(store, second.run.id)).toBe(1);
    expect(await momentsOf(store, first.run.id)).toEqual(moments);
  });

  test('of a run that has ended, or that is unknown, nothing more is kept', async () => {
    const store = await open(testClock());
    const { run } = await working(store);
    await addUsage(store, run.id, sample(1000));
    await endRun(store, run.id, { outcome: 'completed' });
    const before = await everything(store);
    expect(await addUsage(store, run.id, sample(2000))).toBe(1);
    expect(await addUsage(store, run.id, sample(1000, { progress: 99 }))).toBe(1);
    expect(await addUsage(store, 999, sample(1000))).toBe(0);
    expect(await everything(store)).toEqual(before);
  });

  test.each([
    [0, []],
    [1, [0]],
    [2, [0, 1]],
    [3, [0, 2]],
    [4, [0, 2, 3]],
    [7, [0, 2, 4, 6]],
    [8, [0, 2, 4, 6, 7]],
  ])('of %i samples the first, the last and every second one stay', async (count, kept) => {
    const store = await open(testClock());
    const { run } = await working(store);
    const moments = await fill(store, run.id, count);
    expect(await thinUsage(store, run.id)).toBe(kept.length);
    expect(await momentsOf(store, run.id)).toEqual(kept.map((index) => moments[index]));
  });

  test('a run that is sampled for days never has more than it may', async () => {
    const store = await open(testClock());
    const { run } = await working(store);
    let spacing = 5;
    let most = 0;
    // In one transaction, so that the disk is not waited for a thousand times.
    await store.db.transaction().execute(async (db) => {
      for (let at = 0; at < 15_000; at += spacing) {
        const count = await addUsage({ ...store, db }, run.id, sample(at));
        most = Math.max(most, count);
        if (count < MAX_USAGE_SAMPLES) continue;
        await thinUsage({ ...store, db }, run.id);
        spacing *= 2;
      }
    });
    expect(most).toBe(MAX_USAGE_SAMPLES);
    expect(spacing).toBe(40);
    const moments = await momentsOf(store, run.id);
    const gaps = moments.slice(1).map((at, index) => at - moments[index]!);
    expect(moments[0]).toBe(0);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(spacing);
    expect(moments.length).toBeGreaterThanOrEqual(MAX_USAGE_SAMPLES / 2);
  });

  test('samples go with their run', async () => {
    const store = await open(testClock());
    const { job, run } = await working(store);
    await fill(store, run.id, 3);
    await store.db.deleteFrom('transcription_jobs').where('id', '=', job.id).execute();
    expect((await everything(store)).usage).toEqual([]);
  });
}
