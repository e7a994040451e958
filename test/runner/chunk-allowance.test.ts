import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ChunkAllowance } from '../../src/runner/chunk-allowance.ts';

const RATE_HZ = 16_000;
const seconds = (length: number) => ({ startSample: RATE_HZ, endSample: RATE_HZ + length * RATE_HZ });

test("the user's own limit stands, whatever is measured", () => {
  const allowance = new ChunkAllowance(RATE_HZ, 1, 7);
  allowance.learn(seconds(10), 1e9);
  expect(allowance.msFor(seconds(3600))).toBe(7_000);
});

test('before anything was measured it goes by the expected speed, and leaves time for the model to be read', () => {
  const allowance = new ChunkAllowance(RATE_HZ, 2);
  expect(allowance.msFor(seconds(30))).toBe(10 * 2 * 30_000);
  expect(allowance.msFor(seconds(0.1))).toBe(60_000);
});

test('after that it goes by the slowest chunk so far', () => {
  const allowance = new ChunkAllowance(RATE_HZ, 100);
  allowance.learn(seconds(10), 5_000);
  allowance.learn(seconds(10), 20_000);
  allowance.learn(seconds(10), 1_000);
  expect(allowance.msFor(seconds(30))).toBe(10 * 2 * 30_000);
  expect(allowance.msFor(seconds(0.1))).toBe(30_000);
});

test('very short chunks teach nothing: they measure the start, not the speed', () => {
  const allowance = new ChunkAllowance(RATE_HZ, 2);
  allowance.learn(seconds(0.5), 600_000);
  expect(allowance.msFor(seconds(30))).toBe(600_000);
});

test('nothing is stalled within half a minute, and everything is after half an hour', () => {
  const lengths = fc.double({ min: 0, max: 40_000, noNaN: true });
  const works = fc.array(fc.tuple(lengths, fc.double({ min: 0, max: 1e9, noNaN: true })), { maxLength: 20 });
  fc.assert(
    fc.property(works, lengths, (done, next) => {
      const allowance = new ChunkAllowance(RATE_HZ, 1);
      for (const [length, workMs] of done) allowance.learn(seconds(length), workMs);
      const ms = allowance.msFor(seconds(next));
      expect(ms).toBeGreaterThanOrEqual(30_000);
      expect(ms).toBeLessThanOrEqual(30 * 60_000);
    }),
  );
});
