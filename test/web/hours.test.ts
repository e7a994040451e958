import { expect, test } from 'vitest';
import { parseQuietHours } from '../../src/domain/quiet-hours.ts';
import { faultOfHours, hoursOf, textOf } from '../../web/pages/settings/hours.ts';

test.each([
  ['22:00-07:00', '22:00-07:00'],
  ['12:00-13:00,22:00 – 7:00', '12:00-13:00, 22:00-07:00'],
  ['0:00-24:00', '00:00-24:00'],
  ['18:00-24:00', '18:00-24:00'],
])('the hours %s are the same as fields of a time each', (text, again) => {
  const all = hoursOf(text);
  for (const { from, to } of all) expect(`${from} ${to}`).toMatch(/^([01]\d|2[0-3]):[0-5]\d ([01]\d|2[0-3]):[0-5]\d$/);
  expect(textOf(all)).toBe(again);
  expect(faultOfHours(again)).toBeUndefined();
  expect(parseQuietHours(again, 'UTC')).toEqual(parseQuietHours(text, 'UTC'));
});

test('nothing said is no setting, and what is half said is wrong', () => {
  expect(hoursOf('')).toEqual([{ from: '', to: '' }]);
  expect(textOf(hoursOf(''))).toBe('');
  expect(faultOfHours('')).toBeUndefined();
  for (const half of ['22:00-', '-07:00', '22:00-07:00, -']) {
    expect(textOf(hoursOf(half))).toBe(half);
    expect(faultOfHours(half)).toBe('half');
  }
  expect(faultOfHours('07:00-07:00')).toBe('nothing');
});
