import { expect, it } from 'vitest';
import { BatchEta } from '../../src/cli/batch-eta.ts';

const START_MS = 5_000;
const at = (seconds: number) => START_MS + seconds * 1000;

it('counts jobs by their length, and those of unknown length as the average', () => {
  const eta = new BatchEta(4, START_MS);
  eta.length(1, 100);
  eta.length(2, 300);
  expect(eta.secondsLeft(at(10))).toBeUndefined();
  eta.done(1, true);
  // 100 of 100 + 300 + 2 × 200 seconds took 10.
  expect(eta.secondsLeft(at(10))).toBeCloseTo(70);
  eta.progress(2, 0.5);
  expect(eta.secondsLeft(at(25))).toBeCloseTo(55);
  for (const id of [2, 3, 4]) eta.done(id, true);
  expect(eta.secondsLeft(at(80))).toBe(0);
});

it('learns nothing from what took no work', () => {
  const eta = new BatchEta(3, START_MS);
  for (const id of [1, 2, 3]) eta.length(id, 60);
  eta.done(1, false);
  expect(eta.secondsLeft(at(1))).toBeUndefined();
  eta.done(2, true);
  expect(eta.secondsLeft(at(30))).toBeCloseTo(30);
});
