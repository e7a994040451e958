import { expect, test } from 'vitest';
import { LogLines } from '../../web/pages/job/log/log-lines.ts';

const MOST = 100_000;

function filled(count: number): LogLines {
  const lines = new LogLines();
  for (let at = 0; at < count; at++) lines.add(`Line ${at}`);
  return lines;
}

test('of a log without end the newest lines are held, each under its number', () => {
  const lines = filled(MOST + 50_001);
  expect(lines.count).toBeLessThanOrEqual(MOST);
  expect(lines.end).toBe(MOST + 50_001);
  expect(lines.line(lines.first)).toBe(`Line ${lines.first}`);
  expect(lines.line(lines.end - 1)).toBe(`Line ${MOST + 50_000}`);
});

test('whoever follows the end holds fewer lines, for as long as it may take', () => {
  const lines = filled(20_000);
  lines.hold(5_000);
  expect(lines.count).toBe(5_000);
  expect(lines.line(lines.end - 1)).toBe('Line 19999');
  for (let at = 20_000; at < 60_000; at++) {
    lines.add(`Line ${at}`);
    if (lines.count > 5_000) throw new Error(`${lines.count} lines are held.`);
  }
  // They go in stretches, and not so many that those on the screen are among them.
  expect(lines.count).toBeGreaterThan(4_500);
  expect(lines.line(lines.first)).toBe(`Line ${lines.first}`);
  lines.hold(MOST);
  for (let at = 60_000; at < 70_000; at++) lines.add(`Line ${at}`);
  expect(lines.count).toBeGreaterThan(14_500);
});

test('lines that are long are held up to a bound of characters', () => {
  const lines = new LogLines();
  const long = 'x'.repeat(1_000_000);
  for (let at = 0; at < 100; at++) lines.add(long);
  expect(lines.count).toBeLessThanOrEqual(20);
  expect(lines.end).toBe(100);
});

test('a search finds what comes later too, and forgets what is no longer held', () => {
  const lines = filled(MOST);
  expect(lines.find('LINE 7')[0]).toBe(7);
  expect(lines.find('line 99999')).toEqual([99_999]);
  lines.add('Line 99999 again');
  expect(lines.find('line 99999')).toEqual([99_999, 100_000]);
  const before = lines.find('line 7');
  for (let at = 0; at < 10; at++) lines.add('Another');
  const after = lines.find('line 7');
  expect(lines.first).toBeGreaterThan(7);
  expect(after).toEqual(before.filter((number) => number >= lines.first));
  lines.clear();
  expect(lines.find('line 7')).toEqual([]);
});
