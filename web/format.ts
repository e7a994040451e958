/** Times, lengths and sizes, in words of the language that is shown. */
import { currentLanguage } from './words/catalogue.ts';

const LOCALES = { en: 'en-GB', th: 'th-TH-u-ca-gregory' } as const;
const UNITS = { en: { h: 'h', min: 'min', s: 's' }, th: { h: 'ชม.', min: 'นาที', s: 'วิ' } } as const;

const SECONDS_PER_MINUTE = 60;
const SECONDS_PER_HOUR = 3_600;

/** The locale for `Intl`. */
export function locale(): string {
  return LOCALES[currentLanguage()];
}

/** A length of time for people: `48 s`, `12 min`, `3 h 5 min`. */
export function inWords(seconds: number): string {
  const { h, min, s } = UNITS[currentLanguage()];
  if (seconds < SECONDS_PER_MINUTE) return `${Math.max(0, Math.round(seconds))} ${s}`;
  const minutes = Math.round(seconds / SECONDS_PER_MINUTE);
  if (minutes < 60) return `${minutes} ${min}`;
  const rest = minutes % 60;
  return `${Math.floor(minutes / 60)} ${h}${rest === 0 ? '' : ` ${rest} ${min}`}`;
}

/** A place in a recording: `4:05`, `1:02:03`. */
export function clockTime(seconds: number): string {
  const whole = Math.floor(Math.max(0, seconds));
  const hours = Math.floor(whole / SECONDS_PER_HOUR);
  const minutes = Math.floor(whole / SECONDS_PER_MINUTE) % 60;
  const two = (value: number) => String(value).padStart(2, '0');
  const rest = two(whole % 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${rest}` : `${minutes}:${rest}`;
}

/** A size, counted as the command line and the logs count it, so that the same thing has one size: `3.4 MB`, of 1,048,576 bytes each. */
export function inBytes(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let at = 0;
  while (value >= 1024 && at < units.length - 1) {
    value /= 1024;
    at += 1;
  }
  const digits = at === 0 ? 0 : 1;
  const format = { minimumFractionDigits: digits, maximumFractionDigits: digits, useGrouping: false };
  return `${value.toLocaleString(locale(), format)} ${units[at]}`;
}

/** A day and a time of day, shorter the nearer it is: `14:05`, `Tue 14:05`, `3 Mar 2026, 14:05`. */
export function moment(iso: string, now = new Date()): string {
  const at = new Date(iso);
  const time: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit' };
  if (at.toDateString() === now.toDateString()) return at.toLocaleTimeString(locale(), time);
  const days = Math.abs(at.getTime() - now.getTime()) / 86_400_000;
  if (days < 6) return at.toLocaleString(locale(), { weekday: 'short', ...time });
  return at.toLocaleString(locale(), { day: 'numeric', month: 'short', year: 'numeric', ...time });
}

/** `42 %`. Never 100 before it is. */
export function percent(value: number): string {
  return `${value >= 100 ? 100 : Math.min(99, Math.floor(value))} %`;
}

/** `3.2×`. */
export function speed(value: number): string {
  const one = { minimumFractionDigits: 1, maximumFractionDigits: 1 };
  return `${value.toLocaleString(locale(), one)}×`;
}
