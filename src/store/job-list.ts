/**
 * Lists of jobs: filtered, searched, sorted, a page at a time.
 *
 * A page begins at a mark and not at a count, so that the thousandth costs what the first does. Where an index has the order
 * and the filter, it is read from the mark on. What no index has (a language, a text) is looked for among a bounded stretch
 * of the jobs in that order: one call never reads a million jobs, in the one thread in which heartbeats are written too. A
 * page that ends at that bound has a mark to go on from though it may be short, or empty.
 */
import { type RawBuilder, type SelectQueryBuilder, sql } from 'kysely';
import { JOB_STATUSES, type JobStatus } from '../domain/job.ts';
import { SUMMARY } from './job-summary.ts';
import type { JobSummary } from './jobs.ts';
import { literal, PROCESSING } from './literal.ts';
import type { Database } from './schema.ts';
import type { Store } from './store.ts';

export const JOB_SORTS = ['newest', 'oldest', 'name', 'longest', 'shortest', 'status'] as const;
export type JobSort = (typeof JOB_SORTS)[number];

/** Which jobs are meant; what is not said does not matter. */
export interface JobFilter {
  status?: readonly JobStatus[] | undefined;
  /** Text in the name or in the transcript. */
  q?: string | undefined;
  /** Created at this moment or later, before that one; milliseconds since the epoch. */
  from?: number | undefined;
  to?: number | undefined;
  engine?: string | undefined;
  model?: string | undefined;
  language?: string | undefined;
  /** Length of the recording. */
  minSeconds?: number | undefined;
  maxSeconds?: number | undefined;
  /** Whose jobs; undefined: everybody's. */
  userId?: string | undefined;
}

/** The last job that was looked at: the next page begins behind it. */
export interface ListMark {
  status: JobStatus;
  key: string | number;
  id: number;
}

export interface JobPage {
  jobs: JobSummary[];
  /** Undefined when there is nothing more. */
  next: ListMark | undefined;
}

/** Jobs that one call looks at when it looks for what no index has, and for a text. */
const LOOKED_THROUGH = { filtered: 10_000, texts: 1_000 };
const SECONDS_PER_MINUTE = 60;

const ORDERS = {
  newest: { column: 'created_at', direction: 'desc' },
  oldest: { column: 'created_at', direction: 'asc' },
  name: { column: 'filename', direction: 'asc' },
  longest: { column: 'duration_minutes', direction: 'desc' },
  shortest: { column: 'duration_minutes', direction: 'asc' },
  status: { column: 'created_at', direction: 'desc' },
} as const satisfies Record<JobSort, { column: keyof JobSummary; direction: 'asc' | 'desc' }>;

/** As an index has them. Of a name it has the beginning. */
const KEYS: Record<(typeof ORDERS)[JobSort]['column'], RawBuilder<string | number>> = {
  created_at: sql.ref('created_at'),
  duration_minutes: sql.ref('duration_minutes'),
  filename: sql`substr(filename, 1, 64)`,
};

/** Of a name, as the database counts characters: without halves of pairs. */
function beginningOf(name: string): string {
  return [...name].slice(0, 64).join('');
}

type Order = (typeof ORDERS)[JobSort];
type Jobs = SelectQueryBuilder<Database, 'transcription_jobs', object>;

export interface PageWish {
  sort: JobSort;
  limit: number;
  /** Where the page before ended. */
  mark?: ListMark | undefined;
  /** For trials: how many jobs are looked through at once. */
  most?: number;
}

/** A page of the jobs that match. */
export async function listPage(store: Store, filter: JobFilter, page: PageWish): Promise<JobPage> {
  const { sort, limit, mark, most = filter.q === undefined ? LOOKED_THROUGH.filtered : LOOKED_THROUGH.texts } = page;
  const order = ORDERS[sort];
  const states = filter.status && [...new Set(filter.status)];
  if (sort === 'status') return await oneStateAfterTheOther(store, filter, { states, limit, mark, most });
  if (!states || order.column !== 'created_at') return await lane(store, filter, { order, states, limit, mark, most });
  // Each state has its stretch of an index; what they have in common has none.
  const lanes = await Promise.all(
    states.map((state) => lane(store, filter, { order, states: [state], limit, mark, most })),
  );
  return merged(lanes, order, limit);
}

interface Lane {
  order: Order;
  states: readonly JobStatus[] | undefined;
  limit: number;
  mark: ListMark | undefined;
  most: number;
}

async function lane(store: Store, filter: JobFilter, { order, states, limit, mark, most }: Lane): Promise<JobPage> {
  const { column, direction } = order;
  const key = KEYS[column];
  const isByCreation = column === 'created_at';
  const [before, beyond] = direction === 'desc' ? [sql`>=`, sql`<`] : [sql`<=`, sql`>`];
  const only = states?.length === 1 && isByCreation ? states[0] : undefined;
  let stretch: Jobs = store.db.selectFrom('transcription_jobs');
  if (only) stretch = inState(stretch, only);
  if (isByCreation) stretch = createdIn(stretch, filter);
  if (filter.userId !== undefined) stretch = stretch.where('user_id', '=', filter.userId);
  if (mark) {
    stretch = stretch.where(sql<boolean>`(${key}, id) ${beyond} (${mark.key}, ${mark.id})`);
  }
  const sorted = (query: Jobs) => query.orderBy(key, direction).orderBy('id', direction);
  const rest = { ...filter, ...(only ? { status: undefined } : { status: states }) };
  if (isByCreation) rest.from = rest.to = undefined;
  if (!isNarrowed(rest)) {
    const rows = await sorted(stretch)
      .select(SUMMARY)
      .limit(literal(limit + 1))
      .execute();
    return pageOf(rows, order, limit);
  }
  const bound = await sorted(stretch)
    .select([key.as('key'), 'id', 'status'])
    .limit(literal(1))
    .offset(literal(most - 1))
    .executeTakeFirst();
  const end = bound && { status: bound.status, key: bound.key, id: bound.id };
  let looked = stretch;
  if (end) {
    looked = looked.where(sql<boolean>`(${key}, id) ${before} (${end.key}, ${end.id})`);
  }
  const rows = await sorted(narrowed(looked, rest, store))
    .select(SUMMARY)
    .limit(literal(limit + 1))
    .execute();
  const page = pageOf(rows, order, limit);
  return page.next ? page : { jobs: page.jobs, next: end };
}

/** In the order of the states' life, the newest of each first. */
async function oneStateAfterTheOther(
  store: Store,
  filter: JobFilter,
  { states, limit, mark, most }: Omit<Lane, 'order'>,
): Promise<JobPage> {
  const order = ORDERS.status;
  const from = mark ? JOB_STATUSES.indexOf(mark.status) : 0;
  const jobs: JobSummary[] = [];
  for (const state of JOB_STATUSES.slice(from)) {
    if (states && !states.includes(state)) continue;
    const behind = mark?.status === state ? mark : undefined;
    const page = await lane(store, filter, { order, states: [state], limit: limit - jobs.length, mark: behind, most });
    jobs.push(...page.jobs);
    if (page.next) return { jobs, next: page.next };
    const last = jobs.at(-1);
    if (last && jobs.length >= limit) return { jobs, next: markOf(last, order) };
  }
  return { jobs, next: undefined };
}

/** The first of all lanes, up to the limit; where a lane stopped looking the page ends, too. */
function merged(lanes: readonly JobPage[], order: Order, limit: number): JobPage {
  const goesFirst = (a: { key: string | number; id: number }, b: { key: string | number; id: number }) => {
    const up = a.key < b.key ? -1 : a.key > b.key ? 1 : a.id - b.id;
    return order.direction === 'asc' ? up : -up;
  };
  const end = lanes
    .flatMap(({ next }) => next ?? [])
    .sort(goesFirst)
    .at(0);
  const jobs = lanes
    .flatMap((page) => page.jobs)
    .sort((a, b) => goesFirst(markOf(a, order), markOf(b, order)))
    .filter((job) => !end || goesFirst(markOf(job, order), end) <= 0);
  if (jobs.length > limit) return pageOf(jobs, order, limit);
  return { jobs, next: end };
}

function pageOf(rows: readonly JobSummary[], order: Order, limit: number): JobPage {
  const jobs = rows.slice(0, limit);
  const last = jobs.at(-1);
  return { jobs, next: rows.length > limit && last ? markOf(last, order) : undefined };
}

function markOf(job: JobSummary, { column }: Order): ListMark {
  return { status: job.status, key: column === 'filename' ? beginningOf(job.filename) : job[column], id: job.id };
}

/** The second condition is the index's own, without which it is not used. */
function inState(query: Jobs, state: JobStatus): Jobs {
  if (state === 'processing') return query.where('status', '=', PROCESSING);
  return query.where('status', '=', literal(state)).where('status', '<>', PROCESSING);
}

function createdIn(query: Jobs, { from, to }: JobFilter): Jobs {
  const since = from === undefined ? query : query.where('created_at', '>=', from);
  return to === undefined ? since : since.where('created_at', '<', to);
}

function isNarrowed({ userId: _, ...filter }: JobFilter): boolean {
  return Object.values(filter).some((value) => value !== undefined);
}

/** What is looked at job by job. */
function narrowed(query: Jobs, filter: JobFilter, { dialect }: Store): Jobs {
  let kept = createdIn(query, filter);
  if (filter.status) kept = kept.where('status', 'in', filter.status.map(literal));
  for (const name of ['engine', 'model', 'language'] as const) {
    const value = filter[name];
    if (value !== undefined) kept = kept.where(name, '=', value);
  }
  if (filter.minSeconds !== undefined)
    kept = kept.where('duration_minutes', '>=', filter.minSeconds / SECONDS_PER_MINUTE);
  if (filter.maxSeconds !== undefined)
    kept = kept.where('duration_minutes', '<=', filter.maxSeconds / SECONDS_PER_MINUTE);
  if (filter.q === undefined) return kept;
  const pattern = `%${filter.q.replace(/[\\%_]/g, '\\$&')}%`;
  // SQLite's `like` ignores the case of ASCII letters only; PostgreSQL has a word for it.
  const like = dialect === 'sqlite' ? sql.raw('like') : sql.raw('ilike');
  return kept.where(
    sql<boolean>`(filename ${like} ${pattern} escape '\\' or transcript ${like} ${pattern} escape '\\')`,
  );
}
