import { createHash } from 'node:crypto';
import { UsageError } from '../domain/errors.ts';
import { JOB_STATUSES, type JobStatus } from '../domain/job.ts';
import { idsOfStatus } from '../store/job-ids.ts';
import { JOB_SORTS, type JobFilter, type JobSort, type ListMark, listPage } from '../store/job-list.ts';
import { positionsOf } from '../store/positions.ts';
import type { Store } from '../store/store.ts';
import type { QueueContext } from './queue-view.ts';
import { type JobView, viewOf } from './view.ts';

export { JOB_SORTS, type JobFilter, type JobSort };

/** What was given as a cursor is none of ours, or belongs to another list. */
export class BadCursorError extends UsageError {
  readonly statusCode = 400;
  readonly code = 'bad_cursor';

  constructor() {
    super(
      'The cursor does not belong to this list.',
      'Take nextCursor of the page before, with the same filters and sort, or begin without a cursor.',
    );
  }
}

/**
 * A page of jobs, each with its place in the queue while it waits.
 * @param page `cursor`: `nextCursor` of the page before, which was asked for with the same filter and sort
 * @throws BadCursorError
 */
export async function listViews(
  { store, progressOf }: Pick<QueueContext, 'store' | 'progressOf'>,
  filter: JobFilter,
  { sort = 'newest', limit, cursor }: { sort?: JobSort | undefined; limit: number; cursor?: string | undefined },
): Promise<{ jobs: JobView[]; nextCursor: string | null }> {
  const list = nameOf(filter, sort);
  const mark = cursor === undefined ? undefined : markFrom(cursor, list, sort);
  const { jobs, next } = await listPage(store, filter, { sort, limit, mark });
  const waiting = jobs.filter(({ status }) => status === 'pending').map(({ id }) => id);
  const positions = await positionsOf(store, waiting);
  return {
    jobs: jobs.map((job) => viewOf(job, positions.get(job.id), progressOf(job.id))),
    nextCursor: next ? cursorOf(next, list) : null,
  };
}

/**
 * The numbers of the jobs that match, the newest first, up to a limit.
 * @returns also whether there may be more
 */
export async function matchingIds(
  store: Store,
  filter: JobFilter,
  limit: number,
): Promise<{ ids: number[]; more: boolean }> {
  const ids: number[] = [];
  let mark: ListMark | undefined;
  do {
    const page = await listPage(store, filter, { sort: 'newest', limit: limit - ids.length, mark });
    ids.push(...page.jobs.map(({ id }) => id));
    mark = page.next;
  } while (mark && ids.length < limit);
  return { ids, more: mark !== undefined };
}

/** The numbers of all jobs in a state, the lowest first. */
export async function jobIds(store: Store, status: JobStatus, userId?: string): Promise<number[]> {
  return await idsOfStatus(store, status, userId);
}

/** What tells one list from another, in a few characters. */
function nameOf(filter: JobFilter, sort: JobSort): string {
  const asked = Object.entries(filter).filter(([, value]) => value !== undefined);
  return createHash('sha256')
    .update(JSON.stringify([sort, asked.sort(([a], [b]) => (a < b ? -1 : 1))]))
    .digest('base64url')
    .slice(0, 8);
}

function cursorOf({ status, key, id }: ListMark, list: string): string {
  return Buffer.from(JSON.stringify([list, status, key, id])).toString('base64url');
}

function markFrom(cursor: string, list: string, sort: JobSort): ListMark {
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) throw new BadCursorError();
    throw error;
  }
  if (!Array.isArray(parts)) throw new BadCursorError();
  const [of, status, key, id] = parts;
  const fits =
    of === list &&
    JOB_STATUSES.includes(status) &&
    typeof key === (sort === 'name' ? 'string' : 'number') &&
    Number.isSafeInteger(id);
  if (!fits) throw new BadCursorError();
  return { status, key, id };
}
