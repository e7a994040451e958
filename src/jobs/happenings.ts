/** What happens to jobs and to the queue, to be followed as it happens: the table of events, read behind a mark. */
import type { JobStatus } from '../domain/job.ts';
import { eventsBetween, listEvents } from '../store/events.ts';
import { QUEUE_EVENT_JOB_ID } from '../store/queue-state.ts';
import type { EventRow, EventType } from '../store/schema.ts';
import type { Store } from '../store/store.ts';
import { eventViewOf, sentenceOf } from './history.ts';

export { onNewEvents as onHappening } from '../store/event-readers.ts';
export { eventBounds as happeningBounds } from '../store/events.ts';

/** Rows of one question. */
const AT_ONCE = 1000;

export type HappeningType = 'submitted' | 'state' | 'changed' | 'deleted' | 'queue' | 'access';

/** One of them, as clients get it. */
export interface Happening {
  type: HappeningType;
  /** Goes up with each; never given twice. */
  id: number;
  /** Null: the queue as a whole, or with `access` who may come in. */
  jobId: number | null;
  /** ISO 8601. */
  at: string;
  actor: string;
  reason: string | null;
  /** In words, without naming the job. */
  sentence: string;
  /** With `submitted` and `state`. */
  status?: JobStatus;
  from?: JobStatus | null;
  /** With `state`: who paused it, when it is paused. */
  pausedBy?: string | null;
  /** With `changed`: what, from what, to what. With `deleted`: the name of the recording. */
  data?: unknown;
}

export interface FollowedHappening {
  happening: Happening;
  /** Whose the job was that is there no more; undefined where the job itself tells. */
  ownerId?: string | null;
}

/**
 * What has happened behind a mark, oldest first; `more` when there may be more behind the last of them.
 * @param after id of the last one that was read
 */
export async function happeningsBehind(
  store: Store,
  after: number,
): Promise<{ all: FollowedHappening[]; more: boolean }> {
  const rows = await listEvents(store, { after, limit: AT_ONCE });
  return { all: rows.map(followed), more: rows.length === AT_ONCE };
}

/**
 * A part of a stretch that was read before, by somebody else.
 * @returns `upTo`: everything up to this id was looked at
 */
export async function happeningsBetween(
  store: Store,
  stretch: { after: number; upTo: number; jobIds?: readonly number[] | undefined },
): Promise<{ all: FollowedHappening[]; upTo: number }> {
  const rows = await eventsBetween(store, { ...stretch, limit: AT_ONCE });
  const last = rows.at(-1);
  return { all: rows.map(followed), upTo: last && rows.length === AT_ONCE ? last.id : stretch.upTo };
}

const TYPES: Record<EventType, HappeningType> = {
  submitted: 'submitted',
  claimed: 'state',
  status: 'state',
  changed: 'changed',
  edited: 'changed',
  deleted: 'deleted',
  queue: 'queue',
  access: 'access',
};

function followed(row: EventRow): FollowedHappening {
  const event = eventViewOf(row);
  const { at, actor, reason } = event;
  const { pausedBy = null, userId = null, ...data } = Object(event.data) as Record<string, unknown>;
  const jobId = row.job_id === QUEUE_EVENT_JOB_ID ? null : row.job_id;
  const type = TYPES[row.type];
  const told = { type, id: row.id, jobId, at, actor, reason, sentence: sentenceOf(event) };
  switch (type) {
    case 'submitted':
      return { happening: { ...told, status: row.to_status as JobStatus } };
    case 'state': {
      const [status, from] = [row.to_status as JobStatus, row.from_status];
      return { happening: { ...told, status, from, pausedBy: pausedBy as string | null } };
    }
    case 'deleted':
      return { happening: { ...told, data }, ownerId: userId as string | null };
    case 'changed':
      return { happening: { ...told, data } };
    case 'queue':
    case 'access':
      return { happening: told };
  }
}
