import { expect, test } from 'vitest';
import { curveOf } from '../../web/pages/job/usage/curve.ts';

const point = (elapsedSeconds: number, cpuPercent: number) => ({
  ...{ at: '2026-01-01T00:00:00.000Z', elapsedSeconds, cpuPercent, memoryBytes: 1000, progress: null },
});

test('runs stand one behind the other with a gap between, and what was seen live goes on where the kept points end', () => {
  const runs = [
    { run: 1, points: [point(0, 10), point(20, 90)] },
    { run: 2, points: [point(5, 50)] },
  ];
  const live = [4, 6].map((elapsedSeconds) => ({ elapsedSeconds, cpuPercent: 70, memoryBytes: 2000 }));
  expect(curveOf(runs, live)).toEqual({
    seconds: [0, 20, 20, 25, 26],
    cpuPercent: [10, 90, null, 50, 70],
    memoryBytes: [1000, 1000, null, 1000, 2000],
  });
});
