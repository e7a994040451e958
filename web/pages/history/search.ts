/** What the list is asked for: as it stands in the address, and as the API has it. */
import type { JobStatus } from '../../api-types.ts';

export const SORTS = ['newest', 'oldest', 'name', 'longest', 'shortest', 'status'] as const;
export type Sort = (typeof SORTS)[number];

/** Lengths of recordings, in seconds from … to. */
export const LENGTHS = {
  short: { maxSeconds: 10 * 60 },
  medium: { minSeconds: 10 * 60, maxSeconds: 60 * 60 },
  long: { minSeconds: 60 * 60 },
} as const;
export type Length = keyof typeof LENGTHS;

export const STATUSES = [
  'processing',
  'pending',
  'retrying',
  'paused',
  'completed',
  'failed',
  'cancelled',
] as const satisfies readonly JobStatus[];

/** As in the address: `/history?q=budget&status=failed,cancelled&sort=longest`. */
export interface Search {
  q: string;
  status: JobStatus[];
  /** Days, such as 2026-03-01. */
  from: string;
  to: string;
  model: string;
  length: Length | '';
  sort: Sort;
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;

export function searchOf(address: Record<string, string | undefined>): Search {
  const known = new Set<string>(STATUSES);
  const day = (text: string | undefined) => (text !== undefined && DAY.test(text) ? text : '');
  return {
    q: address.q ?? '',
    status: (address.status ?? '').split(',').filter((name): name is JobStatus => known.has(name)),
    from: day(address.from),
    to: day(address.to),
    model: address.model ?? '',
    length: address.length !== undefined && address.length in LENGTHS ? (address.length as Length) : '',
    sort: SORTS.find((sort) => sort === address.sort) ?? 'newest',
  };
}

/** Only what differs from the plain list. */
export function addressOf(search: Search): Record<string, string> {
  const all = { ...search, status: search.status.join(','), sort: search.sort === 'newest' ? '' : search.sort };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''));
}

/** Whether anything keeps jobs out of the list. */
export function isFiltered({ sort: _, ...filters }: Search): boolean {
  return Object.values(filters).some((value) => value.length > 0);
}

/** The filters as the API has them. Days are those of whoever looks. */
export function filterOf({ q, status, from, to, model, length }: Search) {
  return {
    q: q.trim(),
    status: status.join(','),
    from: from && new Date(`${from}T00:00`).toISOString(),
    to: to && dayAfter(to).toISOString(),
    model,
    ...(length === '' ? {} : LENGTHS[length]),
  };
}

function dayAfter(day: string): Date {
  const date = new Date(`${day}T00:00`);
  date.setDate(date.getDate() + 1);
  return date;
}
