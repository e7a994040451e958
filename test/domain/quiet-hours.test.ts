import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/domain/errors.ts';
import { isOpen, nextChange, parseQuietHours, workCalendar } from '../../src/domain/quiet-hours.ts';

const MINUTE_MS = 60_000;
const at = (iso: string) => Date.parse(iso);
const change = (text: string, timeZone: string, from: string) => {
  const ms = nextChange(parseQuietHours(text, timeZone), at(from));
  return ms === undefined ? undefined : new Date(ms).toISOString();
};

describe('reading', () => {
  test.each([
    [
      '22:00-07:00',
      [
        [0, 420],
        [1320, 1440],
      ],
    ],
    ['9:00 - 17:30', [[540, 1050]]],
    ['09:00–17:30', [[540, 1050]]],
    ['00:00-24:00', [[0, 1440]]],
    ['22:00-24:00', [[1320, 1440]]],
    ['22:00-00:00', [[1320, 1440]]],
    [
      '12:00-13:00, 22:00-07:00',
      [
        [0, 420],
        [720, 780],
        [1320, 1440],
      ],
    ],
    ['08:00-12:00,11:00-14:00,14:00-15:00', [[480, 900]]],
    ['00:00-12:00,12:00-24:00', [[0, 1440]]],
    ['08:00-18:00,09:00-10:00', [[480, 1080]]],
  ])('%s', (text, expected) => {
    const ranges = expected.map(([from, to]) => ({ from, to }));
    expect(parseQuietHours(text, 'UTC')).toEqual({ timeZone: 'UTC', ranges });
  });

  test.each([
    ['', 'is no time from … to …'],
    ['22:00', 'is no time from … to …'],
    ['22-7', 'is no time from … to …'],
    ['10pm-7am', 'is no time from … to …'],
    ['22:00-07:00,', 'is no time from … to …'],
    ['22:00-07:00-08:00', 'is no time from … to …'],
    ['25:00-07:00', '25:00'],
    ['22:60-07:00', '22:60'],
    ['22:00-24:01', '24:01'],
    ['24:00-07:00', 'begins at 24:00'],
    ['07:00-07:00', 'ends when it begins'],
  ])('"%s" is refused: it %s', (text, words) => {
    expect(() => parseQuietHours(text, 'UTC')).toThrow(UsageError);
    expect(() => parseQuietHours(text, 'UTC')).toThrow(words);
    expect(() => parseQuietHours(text, 'UTC')).toThrow(expect.objectContaining({ remedy: expect.stringMatching(/./) }));
  });

  test('a time zone that there is not is named', () => {
    expect(() => parseQuietHours('22:00-07:00', 'Europe/Atlantis')).toThrow('There is no time zone "Europe/Atlantis".');
  });
});

describe('open or not', () => {
  test('it begins with the first minute and ends before the last', () => {
    const night = parseQuietHours('22:00-07:00', 'Asia/Bangkok');
    const states = ['21:59:59.999', '22:00', '23:59:59.999', '00:00', '06:59:59.999', '07:00', '12:00'].map((time) =>
      isOpen(night, at(`2025-03-10T${time}+07:00`)),
    );
    expect(states).toEqual([false, true, true, true, true, false, false]);
  });

  test('the clock on the wall of the time zone counts', () => {
    const noon = at('2025-07-01T12:00:00Z');
    expect(isOpen(parseQuietHours('12:00-13:00', 'UTC'), noon)).toBe(true);
    expect(isOpen(parseQuietHours('12:00-13:00', 'Europe/Berlin'), noon)).toBe(false);
    expect(isOpen(parseQuietHours('14:00-15:00', 'Europe/Berlin'), noon)).toBe(true);
    expect(isOpen(parseQuietHours('17:30-17:31', 'Asia/Kolkata'), noon)).toBe(true);
  });
});

describe('the next change', () => {
  test('to the end, to the beginning, and past midnight, where nothing changes', () => {
    expect(change('22:00-07:00', 'UTC', '2025-01-10T23:30:00Z')).toBe('2025-01-11T07:00:00.000Z');
    expect(change('22:00-07:00', 'UTC', '2025-01-10T07:00:00Z')).toBe('2025-01-10T22:00:00.000Z');
    expect(change('22:00-07:00', 'UTC', '2025-01-10T22:00:00Z')).toBe('2025-01-11T07:00:00.000Z');
    expect(change('12:00-13:00,22:00-07:00', 'UTC', '2025-01-10T08:00:00.123Z')).toBe('2025-01-10T12:00:00.000Z');
  });

  test('never, when it is always open', () => {
    expect(change('00:00-24:00', 'Europe/Berlin', '2025-03-30T00:30:00Z')).toBeUndefined();
    expect(change('06:00-18:00,18:00-06:00', 'UTC', '2025-03-30T00:30:00Z')).toBeUndefined();
  });

  // Berlin: 2025-03-30, 02:00 → 03:00 (01:00 UTC); 2025-10-26, 03:00 → 02:00 (01:00 UTC).
  test('the night on which the clock is put forward is an hour shorter', () => {
    expect(change('22:00-07:00', 'Europe/Berlin', '2025-03-29T21:00:00Z')).toBe('2025-03-30T05:00:00.000Z');
  });

  test('the night on which the clock is put back is an hour longer', () => {
    expect(change('22:00-07:00', 'Europe/Berlin', '2025-10-25T20:00:00Z')).toBe('2025-10-26T06:00:00.000Z');
  });

  test('a time that the clock leaps over counts when it leaps', () => {
    expect(change('22:00-02:30', 'Europe/Berlin', '2025-03-29T23:00:00Z')).toBe('2025-03-30T01:00:00.000Z');
    expect(change('02:30-05:00', 'Europe/Berlin', '2025-03-29T23:00:00Z')).toBe('2025-03-30T01:00:00.000Z');
  });

  test('a window that lies in the missing hour does not open that night', () => {
    expect(change('02:00-02:45', 'Europe/Berlin', '2025-03-30T00:30:00Z')).toBe('2025-03-31T00:00:00.000Z');
  });

  test('a time that comes twice counts twice', () => {
    const from = ['2025-10-25T22:00:00Z', '2025-10-26T00:30:00Z', '2025-10-26T01:00:00Z'];
    expect(from.map((each) => change('22:00-02:30', 'Europe/Berlin', each))).toEqual([
      '2025-10-26T00:30:00.000Z',
      '2025-10-26T01:00:00.000Z',
      '2025-10-26T01:30:00.000Z',
    ]);
  });

  test('it is the first minute in which the answer differs, whatever the window, the place and the season', () => {
    // With clocks that change by an hour, by half an hour, at midnight, against the season, across the date line, and not at all.
    const places = fc.constantFrom(
      ...['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Africa/Cairo', 'Africa/Casablanca'],
      ...['America/Santiago', 'Pacific/Chatham', 'Asia/Bangkok', 'Asia/Kolkata', 'UTC'],
    );
    const days = fc.constantFrom(
      ...[
        '2025-03-29',
        '2025-10-25',
        '2025-03-08',
        '2025-11-01',
        '2025-04-05',
        '2025-10-04',
        '2025-04-24',
        '2025-10-30',
      ],
      ...['2025-02-22', '2025-04-06', '2025-09-06', '2025-09-27', '2025-06-15'],
    );
    const minute = fc.nat({ max: 1439 });
    fc.assert(
      fc.property(places, days, minute, minute, minute, (timeZone, day, fromMinute, toMinute, start) => {
        fc.pre(fromMinute !== toMinute);
        const time = (of: number) => `${Math.floor(of / 60)}:${String(of % 60).padStart(2, '0')}`;
        const hours = parseQuietHours(`${time(fromMinute)}-${time(toMinute)}`, timeZone);
        const fromMs = at(`${day}T00:00:00Z`) + start * MINUTE_MS;
        const open = isOpen(hours, fromMs);
        let expectedMs = fromMs + MINUTE_MS;
        while (isOpen(hours, expectedMs) === open) expectedMs += MINUTE_MS;
        expect(nextChange(hours, fromMs)).toBe(expectedMs);
      }),
      { numRuns: 60 },
    );
  });

  test('the day that Samoa left out does not confuse it', () => {
    expect(change('22:00-07:00', 'Pacific/Apia', '2011-12-30T08:00:00Z')).toBe('2011-12-30T17:00:00.000Z');
  });
});

describe('the calendar of work', () => {
  const night = parseQuietHours('22:00-07:00', 'UTC');
  const hours = (count: number) => count * 3600;

  test('work goes on in open hours only', () => {
    const calendar = workCalendar(night, at('2025-01-10T20:00:00Z'));
    expect(calendar.startsInSeconds(0)).toBe(hours(2));
    expect(calendar.endsInSeconds(hours(1))).toBe(hours(3));
    expect(calendar.endsInSeconds(hours(10))).toBe(hours(2 + 24 + 1));
    expect(calendar.endsInSeconds(hours(9 * 30 + 1))).toBe(hours(2 + 24 * 30 + 1));
  });

  test('what is done just when the hours close ends then, and what comes next begins when they open', () => {
    const calendar = workCalendar(night, at('2025-01-10T23:00:00Z'));
    expect(calendar.startsInSeconds(0)).toBe(0);
    expect(calendar.endsInSeconds(hours(8))).toBe(hours(8));
    expect(calendar.startsInSeconds(hours(8))).toBe(hours(8 + 15));
  });

  test('questions may come in any order', () => {
    const calendar = workCalendar(night, at('2025-01-10T23:00:00Z'));
    expect(calendar.endsInSeconds(hours(100))).toBeGreaterThan(hours(200));
    expect(calendar.endsInSeconds(hours(1))).toBe(hours(1));
  });

  test('always open, work takes as long as it takes', () => {
    const calendar = workCalendar(parseQuietHours('00:00-24:00', 'UTC'), at('2025-01-10T20:00:00Z'));
    expect(calendar.endsInSeconds(hours(1000))).toBe(hours(1000));
    expect(calendar.startsInSeconds(hours(1000))).toBe(hours(1000));
  });

  test('work without an end has none', () => {
    expect(workCalendar(night, 0).endsInSeconds(Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
  });

  test('from now to the end of the work it is open for just as long as the work takes, over changes of clocks too', () => {
    const place = fc.constantFrom('Europe/Berlin', 'America/New_York', 'Asia/Bangkok');
    const day = fc.constantFrom('2025-03-08', '2025-03-29', '2025-10-25', '2025-11-01', '2025-06-15');
    fc.assert(
      fc.property(
        place,
        day,
        fc.nat({ max: 1439 }),
        fc.integer({ min: 1, max: 600 }),
        (timeZone, from, start, minutes) => {
          const window = parseQuietHours('12:00-13:00,22:15-02:30', timeZone);
          const nowMs = at(`${from}T00:00:00Z`) + start * MINUTE_MS;
          const endMs = nowMs + workCalendar(window, nowMs).endsInSeconds(minutes * 60) * 1000;
          let openMinutes = 0;
          for (let ms = nowMs; ms < endMs; ms += MINUTE_MS) openMinutes += isOpen(window, ms) ? 1 : 0;
          expect(openMinutes).toBe(minutes);
          expect(isOpen(window, endMs - 1)).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });
});
