import { UsageError } from '../domain/errors.ts';

/** A range that names more is taken for a slip. */
const MAX_RANGE = 10_000;
const RANGE = /^(\d+)-(\d+)$/;

/**
 * A job's number as it was typed.
 * @throws UsageError
 */
export function jobIdOf(text: string): number {
  const id = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(id) && id > 0) return id;
  throw new UsageError(`"${text}" is not the number of a job.`, 'See: longhand jobs');
}

/**
 * The number of a version of a text as it was typed.
 * @throws UsageError
 */
export function versionNumberOf(text: string): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(number) && number > 0) return number;
  throw new UsageError(`"${text}" is not the number of a version.`, 'See: longhand versions ID');
}

/**
 * Several of them, each once; `3-7` stands for all from 3 to 7.
 * @throws UsageError
 */
export function jobIds(texts: readonly string[]): number[] {
  return [...new Set(texts.flatMap(idsOf))];
}

function idsOf(text: string): number[] {
  const [, from, to] = RANGE.exec(text) ?? [];
  if (from === undefined || to === undefined) return [jobIdOf(text)];
  const [first, last] = [jobIdOf(from), jobIdOf(to)];
  if (last < first) throw new UsageError(`The range ${text} ends before it begins.`, `Did you mean ${last}-${first}?`);
  if (last - first >= MAX_RANGE) throw new UsageError(`The range ${text} names more than ${MAX_RANGE} jobs.`);
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

/** The other way round: `1, 3-7, 9`. */
export function rangesOf(ids: readonly number[]): string {
  const sorted = [...ids].sort((a, b) => a - b);
  const ranges: [number, number][] = [];
  for (const id of sorted) {
    const last = ranges.at(-1);
    if (last && id === last[1] + 1) last[1] = id;
    else ranges.push([id, id]);
  }
  return ranges.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`)).join(', ');
}
