/**
 * Quiet hours: the times of day at which work may go on, such as `22:00-07:00`.
 *
 * They are told by the clock on the wall of a time zone. Whether work may go on depends on nothing but what that clock
 * shows, so on the night when clocks change a window is an hour longer or shorter, as it is for everybody there; an hour
 * that comes twice is open twice.
 */
import { UsageError } from './errors.ts';

export interface QuietHours {
  timeZone: string;
  /** Open ranges within a day, in minutes since midnight, sorted, apart from each other; the end is exclusive. */
  ranges: readonly { from: number; to: number }[];
}

const DAY_MINUTES = 24 * 60;
const DAY_MS = DAY_MINUTES * 60_000;
const WINDOW = /^(\d{1,2}):(\d{2})\s*[-–]\s*(\d{1,2}):(\d{2})$/;
const EXAMPLE = 'Write from when to when work may go on, such as 22:00-07:00, or 12:00-13:00,22:00-07:00.';

/**
 * Reads `22:00-07:00`, several windows with commas between them, or `00:00-24:00` for always.
 * @param timeZone an IANA name such as `Europe/Berlin`
 * @throws UsageError that names what cannot be read, and shows what can
 */
export function parseQuietHours(text: string, timeZone: string): QuietHours {
  requireTimeZone(timeZone);
  const ranges = text.split(',').flatMap((window) => rangesOf(window.trim()));
  return { timeZone, ranges: merged(ranges) };
}

/** Whether work may go on at a moment, in milliseconds since the epoch. */
export function isOpen(hours: QuietHours, atMs: number): boolean {
  return isOpenAt(hours, timeOfDayMs(atMs, localOffsetMs(hours.timeZone, atMs)));
}

/**
 * The next moment at which work may go on that may not now, or the other way round.
 * @param atMs milliseconds since the epoch
 * @returns milliseconds since the epoch, or undefined when it is open always
 */
export function nextChange(hours: QuietHours, atMs: number): number | undefined {
  if (isAlwaysOpen(hours)) return undefined;
  let fromMs = atMs;
  let offsetMs = localOffsetMs(hours.timeZone, fromMs);
  const open = isOpenAt(hours, timeOfDayMs(fromMs, offsetMs));
  for (;;) {
    let nextMs = fromMs + msToNextEdge(hours, timeOfDayMs(fromMs, offsetMs));
    if (localOffsetMs(hours.timeZone, nextMs) !== offsetMs) {
      // The clock is put forward or back before it shows the edge.
      nextMs = clockChangeMs(hours.timeZone, fromMs, nextMs);
      offsetMs = localOffsetMs(hours.timeZone, nextMs);
    }
    if (isOpenAt(hours, timeOfDayMs(nextMs, offsetMs)) !== open) return nextMs;
    fromMs = nextMs;
  }
}

/** Translates time in which work goes on into time that passes. */
export interface WorkCalendar {
  /** Seconds from now until work begins that comes after so much other work. It never begins in closed hours. */
  startsInSeconds(workedSeconds: number): number;
  /** Seconds from now until so much work is done. */
  endsInSeconds(workedSeconds: number): number;
}

/** When work gets done that pauses in closed hours, from `nowMs` (since the epoch) on. */
export function workCalendar(hours: QuietHours, nowMs: number): WorkCalendar {
  const spans: { openAtMs: number; workedBeforeMs: number }[] = [];
  let nextMs: number | undefined = isOpen(hours, nowMs) ? nowMs : nextChange(hours, nowMs);
  let workedMs = 0;
  const lookAhead = (untilWorkedMs: number) => {
    while (nextMs !== undefined && workedMs <= untilWorkedMs) {
      spans.push({ openAtMs: nextMs, workedBeforeMs: workedMs });
      const closesAtMs = nextChange(hours, nextMs);
      if (closesAtMs === undefined) {
        nextMs = undefined;
        return;
      }
      workedMs += closesAtMs - nextMs;
      nextMs = nextChange(hours, closesAtMs);
    }
  };
  const secondsTo = (workedSeconds: number, isIn: (workedBeforeMs: number, ms: number) => boolean) => {
    if (!Number.isFinite(workedSeconds)) return workedSeconds;
    const ms = workedSeconds * 1000;
    lookAhead(ms);
    const span = spans.findLast(({ workedBeforeMs }) => isIn(workedBeforeMs, ms));
    return span ? (span.openAtMs + ms - span.workedBeforeMs - nowMs) / 1000 : 0;
  };
  return {
    startsInSeconds: (workedSeconds) => secondsTo(workedSeconds, (before, ms) => before <= ms),
    endsInSeconds: (workedSeconds) => secondsTo(workedSeconds, (before, ms) => before < ms),
  };
}

function rangesOf(window: string): { from: number; to: number }[] {
  const [, ...found] = WINDOW.exec(window) ?? [];
  if (found.length === 0) throw new UsageError(`"${window}" is no time from … to ….`, EXAMPLE);
  const [fromHour, fromMinute, toHour, toMinute] = found.map(Number) as [number, number, number, number];
  const from = minutesOf(fromHour, fromMinute, window);
  const to = minutesOf(toHour, toMinute, window);
  if (from === DAY_MINUTES) throw new UsageError(`"${window}" begins at 24:00.`, 'A day begins at 00:00.');
  if (from === to) {
    throw new UsageError(`"${window}" ends when it begins.`, 'For the whole day write 00:00-24:00.');
  }
  if (from < to) return [{ from, to }];
  return [
    { from: 0, to },
    { from, to: DAY_MINUTES },
  ].filter((range) => range.from < range.to);
}

function minutesOf(hour: number, minute: number, window: string): number {
  const minutes = hour * 60 + minute;
  if (minute < 60 && minutes <= DAY_MINUTES) return minutes;
  const time = `${hour}:${String(minute).padStart(2, '0')}`;
  throw new UsageError(`"${window}" has no time of day in it: ${time}.`, 'A day goes from 00:00 to 24:00.');
}

function merged(ranges: { from: number; to: number }[]): { from: number; to: number }[] {
  const apart: { from: number; to: number }[] = [];
  for (const range of ranges.sort((a, b) => a.from - b.from)) {
    const last = apart.at(-1);
    if (last && range.from <= last.to) last.to = Math.max(last.to, range.to);
    else apart.push({ ...range });
  }
  return apart;
}

function isAlwaysOpen({ ranges }: QuietHours): boolean {
  return ranges.some(({ from, to }) => from === 0 && to === DAY_MINUTES);
}

function isOpenAt({ ranges }: QuietHours, ofDayMs: number): boolean {
  const minutes = ofDayMs / 60_000;
  return ranges.some(({ from, to }) => from <= minutes && minutes < to);
}

/** Milliseconds from a time of day to the next edge of a range, were no clock changed; more than 0, at most a day. */
function msToNextEdge({ ranges }: QuietHours, ofDayMs: number): number {
  // Midnight is no edge when it is open on both sides.
  const isOpenOverMidnight = ranges[0]?.from === 0 && ranges.at(-1)?.to === DAY_MINUTES;
  const edges = ranges.flatMap(({ from, to }) => [from, to]).slice(...(isOpenOverMidnight ? [1, -1] : []));
  const waitsMs = edges.map((edge) => edge * 60_000 - ofDayMs);
  return Math.min(...waitsMs.map((ms) => (ms > 0 ? ms : ms + DAY_MS)));
}

/** The moment between two at which the time zone's clock is put forward or back, to the millisecond. */
function clockChangeMs(timeZone: string, beforeMs: number, afterMs: number): number {
  const offsetMs = localOffsetMs(timeZone, beforeMs);
  let [before, after] = [beforeMs, afterMs];
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (localOffsetMs(timeZone, middle) === offsetMs) before = middle;
    else after = middle;
  }
  return after;
}

function timeOfDayMs(atMs: number, offsetMs: number): number {
  return (((atMs + offsetMs) % DAY_MS) + DAY_MS) % DAY_MS;
}

/** How far the time zone's clock is ahead of UTC. */
function localOffsetMs(timeZone: string, atMs: number): number {
  const shown: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {};
  for (const { type, value } of clockOf(timeZone).formatToParts(atMs)) shown[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = shown;
  // Whole seconds are shown; the rest of the second is the same everywhere.
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(atMs / 1000) * 1000;
}

/** Making one takes a hundred times as long as asking it. */
const clocks = new Map<string, Intl.DateTimeFormat>();

function clockOf(timeZone: string): Intl.DateTimeFormat {
  const known = clocks.get(timeZone);
  if (known) return known;
  const clock = new Intl.DateTimeFormat('en-US-u-ca-gregory-nu-latn', {
    ...{ timeZone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric' },
    ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
  });
  clocks.set(timeZone, clock);
  return clock;
}

function requireTimeZone(timeZone: string): void {
  try {
    clockOf(timeZone);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UsageError(`There is no time zone "${timeZone}".`, 'Write a name such as Europe/Berlin or Asia/Bangkok.');
  }
}
