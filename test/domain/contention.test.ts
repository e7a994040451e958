import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { aloneShare, type Occupied, slowdownFor } from '../../src/domain/contention.ts';

const run = (fromMs: number, toMs: number, cores = 2): Occupied => ({ fromMs, toMs, cores });

test('jobs that want as much slow each other down in proportion, once there are more of them than cores', () => {
  expect([0, 1, 2, 3].map((others) => slowdownFor(1, Array<number>(others).fill(1), 2))).toEqual([1, 1, 1.5, 2]);
  expect(slowdownFor(2, [2], 2)).toBe(2);
});

test('who wants less than a share of the cores has it whole, and the others share the rest', () => {
  expect(slowdownFor(1, [2], 2)).toBe(1);
  expect(slowdownFor(2, [1], 2)).toBe(2);
  expect(slowdownFor(3, [1, 2], 4)).toBeCloseTo(2);
  expect(slowdownFor(8, [1], 4)).toBeCloseTo(8 / 3);
});

describe('the share of its time that a run would have needed alone', () => {
  test('is all of it with cores enough, or nothing beside it', () => {
    expect(aloneShare(run(0, 100), [], 2)).toBe(1);
    expect(aloneShare(run(0, 100), [run(0, 100)], 4)).toBe(1);
    expect(aloneShare(run(0, 100), [run(100, 200), run(-50, 0)], 2)).toBe(1);
  });

  test('is half of it beside another that wants as much', () => {
    expect(aloneShare(run(0, 100), [run(-10, 110)], 2)).toBeCloseTo(0.5);
  });

  test('counts only while the other ran, also when that still runs', () => {
    expect(aloneShare(run(0, 100), [run(60, Infinity)], 2)).toBeCloseTo(0.6 + 0.4 / 2);
    expect(aloneShare(run(0, 100), [run(20, 60), run(40, 80)], 2)).toBeCloseTo(0.4 + 0.2 / 2 + 0.2 / 3 + 0.2 / 2);
  });

  test('of a run of no length is all of it', () => {
    expect(aloneShare(run(5, 5), [run(0, 10)], 2)).toBe(1);
  });

  test('is never nothing, and never grows with what is beside it', () => {
    const some = fc.record({ fromMs: fc.nat(1000), length: fc.nat(1000), cores: fc.integer({ min: 1, max: 8 }) });
    fc.assert(
      fc.property(fc.array(some, { minLength: 1, maxLength: 8 }), fc.integer({ min: 1, max: 8 }), (list, cores) => {
        const runs = list.map(({ fromMs, length, cores }) => run(fromMs, fromMs + length, cores));
        const shares = runs.map((_, count) => aloneShare(runs[0]!, runs.slice(1, count + 1), cores));
        for (const [index, share] of shares.entries()) {
          expect(share).toBeGreaterThan(0);
          expect(share).toBeLessThanOrEqual((shares[index - 1] ?? 1) + 1e-9);
        }
      }),
    );
  });
});
