import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Match, matchesOf } from '../../src/transcript/diff.ts';

const letters = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 40 });

function requireSound(a: string[], b: string[], matches: Match[]): void {
  let [i, j] = [0, 0];
  for (const { from, to, length } of matches) {
    expect(length).toBeGreaterThan(0);
    expect(from).toBeGreaterThanOrEqual(i);
    expect(to).toBeGreaterThanOrEqual(j);
    expect(a.slice(from, from + length)).toEqual(b.slice(to, to + length));
    [i, j] = [from + length, to + length];
  }
  expect(i).toBeLessThanOrEqual(a.length);
  expect(j).toBeLessThanOrEqual(b.length);
}

/** The length of a longest common subsequence, by the textbook's table. */
function longest(a: string[], b: string[]): number {
  let row = new Array<number>(b.length + 1).fill(0);
  for (const one of a) {
    const next = [0];
    for (const [index, other] of b.entries()) {
      next.push(one === other ? row[index]! + 1 : Math.max(row[index + 1]!, next[index]!));
    }
    row = next;
  }
  return row.at(-1)!;
}

const total = (matches: Match[]) => matches.reduce((sum, { length }) => sum + length, 0);

test('as much as can be is found to be the same, in order on both sides', () => {
  fc.assert(
    fc.property(letters, letters, (a, b) => {
      const matches = matchesOf(a, b);
      requireSound(a, b, matches);
      expect(total(matches)).toBe(longest(a, b));
    }),
  );
});

test('where there are too many differences, words that are there once hold the rest together', () => {
  fc.assert(
    fc.property(letters, letters, (a, b) => requireSound(a, b, matchesOf(a, b, 2))),
    { numRuns: 300 },
  );
  const words = (many: number, mark: string) =>
    Array.from({ length: many }, (_, n) => (n % 3 ? `${mark}${n}` : `w${n}`));
  const [a, b] = [words(9_000, 'x'), words(9_000, 'y')];
  expect(total(matchesOf(a, b))).toBe(3_000);
});

test('what is empty has nothing in common with anything', () => {
  expect(matchesOf([], [])).toEqual([]);
  expect(matchesOf(['a'], [])).toEqual([]);
  expect(matchesOf(['a', 'b'], ['a', 'b'])).toEqual([{ from: 0, to: 0, length: 2 }]);
});
