import { expect, test } from 'vitest';
import { listEvents } from '../../../src/store/events.ts';
import { forgetOld } from '../../../src/store/retention.ts';
import { endRun } from '../../../src/store/runs.ts';
import { databaseBytes } from '../../../src/store/size.ts';
import { addUsage, listUsage } from '../../../src/store/usage.ts';
import type { OpenEmpty } from '../conformance.ts';
import { everything, submit, testClock, working } from '../support.ts';

const DAY_MS = 24 * 3_600_000;
const SAMPLE = { at: 1, elapsedSeconds: 1, cpuPercent: 1, memoryBytes: 1, progress: 1 };

export function retentionTests(open: OpenEmpty): void {
  test('events are forgotten when they are older than they are kept, and nothing else', async () => {
    const clock = testClock();
    const store = await open(clock);
    for (let n = 0; n < 3; n++) await submit(store);
    clock.advance(10 * DAY_MS);
    const kept = await submit(store);
    const before = await everything(store);
    expect(await forgetOld(store, { eventDays: 10, usageDays: 1 })).toEqual({ events: 0, usageOfRuns: 0 });
    expect(await everything(store)).toEqual(before);
    clock.advance(1);
    expect(await forgetOld(store, { eventDays: 10, usageDays: 1 })).toEqual({ events: 3, usageOfRuns: 0 });
    expect((await listEvents(store)).map(({ job_id }) => job_id)).toEqual([kept]);
    expect({ ...(await everything(store)), events: [] }).toEqual({ ...before, events: [] });
  });

  test('any number of events may be too old', async () => {
    const clock = testClock();
    const store = await open(clock);
    const old = Array.from({ length: 2500 }, (_, n) => ({ job_id: n, at: n, type: 'status' as const, actor: 'test' }));
    for (let n = 0; n < old.length; n += 500) {
      await store.db
        .insertInto('events')
        .values(old.slice(n, n + 500))
        .execute();
    }
    await submit(store);
    expect(await forgetOld(store, { eventDays: 1, usageDays: 1 })).toMatchObject({ events: 2500 });
    expect((await listEvents(store)).length).toBe(1);
  });

  test('the curve of a run is forgotten some time after its end; one that goes on keeps its own', async () => {
    const clock = testClock();
    const store = await open(clock);
    const [over, goesOn, recent] = [await working(store), await working(store), await working(store)];
    for (const { run } of [over, goesOn, recent]) await addUsage(store, run.id, SAMPLE);
    await endRun(store, over.run.id, { outcome: 'completed' });
    clock.advance(5 * DAY_MS);
    await endRun(store, recent.run.id, { outcome: 'completed' });
    expect(await forgetOld(store, { eventDays: 99, usageDays: 4 })).toEqual({ events: 0, usageOfRuns: 1 });
    expect(await listUsage(store, over.run.id)).toEqual([]);
    for (const { run } of [goesOn, recent]) expect(await listUsage(store, run.id)).toEqual([SAMPLE]);
  });

  test('the size of the database is known', async () => {
    const store = await open(testClock());
    const before = await databaseBytes(store);
    for (let n = 0; n < 4; n++) await submit(store, { filename: 'x'.repeat(1_000_000) });
    expect(await databaseBytes(store)).toBeGreaterThan(before);
  });
}
