/** Between a setting as the API tells it and as it is typed. */
import type { Setting } from '../../api-types.ts';
import type { WordsOf } from '../../words/catalogue.ts';
import type { settingsWords } from './words.ts';

/** As it stands in a form: what was typed, or whether it is ticked. */
export type Draft = string | boolean;
export type Value = Setting['value'];
type Faults = WordsOf<typeof settingsWords>['page']['faults'];

/** Longhand reads sizes in powers of 1024. */
const SIZES = ['B', 'KB', 'MB', 'GB', 'TB'];
const SIZE = /^(\d+(\.\d+)?|\.\d+)\s*([kmgt]?)(i?b)?$/i;

/** 2147483648 → `2 GB`. */
export function sizeInWords(bytes: number): string {
  let value = bytes;
  let at = 0;
  while (value >= 1024 && at < SIZES.length - 1) {
    value /= 1024;
    at += 1;
  }
  return `${Number(value.toFixed(2))} ${SIZES[at]}`;
}

/** What stands in the form before anything was typed. */
export function draftOf({ kind, unit, value, secret }: Setting): Draft {
  if (kind === 'boolean') return value === true;
  if (value === null || secret) return '';
  if (Array.isArray(value)) return value.join(', ');
  return unit === 'bytes' && typeof value === 'number' ? sizeInWords(value) : String(value);
}

/** What is sent: nothing typed sets it back. */
export function valueTyped({ kind, unit }: Setting, draft: Draft): Value {
  if (typeof draft === 'boolean') return draft;
  const text = draft.trim();
  if (text === '') return null;
  if (kind === 'list') return text.split(',').flatMap((part) => part.trim() || []);
  if ((kind === 'number' || kind === 'duration') && unit !== 'bytes') return Number(text);
  return text;
}

/** What is wrong with what was typed, as far as the page knows; the service knows the rest. */
export function faultOf(
  { kind, unit, min, max, above, whole }: Setting,
  draft: Draft,
  faults: Faults,
): string | undefined {
  if (typeof draft === 'boolean' || draft.trim() === '') return undefined;
  if (unit === 'bytes') return SIZE.test(draft.trim()) ? undefined : faults.size;
  if (kind !== 'number' && kind !== 'duration') return undefined;
  const number = Number(draft);
  if (!Number.isFinite(number)) return faults.number;
  if (whole && !Number.isInteger(number)) return faults.whole;
  if (min !== null && number < min) return faults.least(min);
  if (above !== null && number <= above) return faults.above(above);
  return max !== null && number > max ? faults.most(max) : undefined;
}
