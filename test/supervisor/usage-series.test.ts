import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openStore } from '../../src/store/open.ts';
import { listUsage, MAX_USAGE_SAMPLES } from '../../src/store/usage.ts';
import { UsageSeries } from '../../src/supervisor/usage-series.ts';
import { temporaryFolder, testClock, working } from '../store/support.ts';

const TEN_HOURS_S = 36_000;
const LOOK_EVERY_MS = 500;

it('a run of ten hours, looked at twice a second, keeps an even curve of at most 500 points', {
  timeout: 300_000,
}, async () => {
  const clock = testClock();
  const store = await openStore({ file: join(temporaryFolder(), 'longhand.db'), clock });
  const { run } = await working(store);
  const series = new UsageSeries(store, clock, run.id);
  const startedAt = clock.now();
  for (let second = 0; second < TEN_HOURS_S; second += LOOK_EVERY_MS / 1000) {
    const usage = {
      at: 0,
      cpuSeconds: second,
      cpuPercent: 100,
      rssBytes: second,
      processes: 2,
      elapsedSeconds: second,
    };
    await series.add(usage, (100 * second) / TEN_HOURS_S);
    clock.advance(LOOK_EVERY_MS);
  }
  const points = await listUsage(store, run.id);
  await store.close();
  expect(points.length).toBeLessThanOrEqual(MAX_USAGE_SAMPLES);
  expect(points.length).toBeGreaterThan(MAX_USAGE_SAMPLES / 3);
  expect(points[0]).toMatchObject({ at: startedAt, elapsedSeconds: 0, memoryBytes: 0 });
  const gaps = points.slice(1).map(({ at }, index) => at - (points[index]?.at ?? 0));
  // The newest points were not thinned out yet: they lie half as far apart.
  expect(Math.max(...gaps) / Math.min(...gaps)).toBeLessThanOrEqual(4);
  expect(startedAt + TEN_HOURS_S * 1000 - (points.at(-1)?.at ?? 0)).toBeLessThanOrEqual(Math.max(...gaps));
});

it('keeps one every five seconds at first', async () => {
  const clock = testClock();
  const store = await openStore({ file: join(temporaryFolder(), 'longhand.db'), clock });
  const { run } = await working(store);
  const series = new UsageSeries(store, clock, run.id);
  for (let look = 0; look < 60; look += 1) {
    await series.add({ at: 0, cpuSeconds: 0, cpuPercent: 1, rssBytes: 1, processes: 1, elapsedSeconds: look / 2 }, 0);
    clock.advance(LOOK_EVERY_MS);
  }
  expect((await listUsage(store, run.id)).map(({ elapsedSeconds }) => elapsedSeconds)).toEqual([0, 5, 10, 15, 20, 25]);
  await store.close();
});
