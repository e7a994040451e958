import type { Kysely } from 'kysely';
import type { JobStatus } from '../domain/job.ts';
import { jsonOrNull } from './json.ts';
import { literal } from './literal.ts';
import type { Database, EventRow, EventType } from './schema.ts';
import type { Store } from './store.ts';

export interface NewEvent {
  jobId: number;
  at: number;
  type: EventType;
  fromStatus?: JobStatus;
  toStatus?: JobStatus;
  /** Who did it. */
  actor: string;
  reason?: string | undefined;
  /** Kept as JSON. */
  data?: unknown;
}

/** Writes what changed, in the transaction that changed it. */
export async function appendEvent(trx: Kysely<Database>, event: NewEvent): Promise<void> {
  await trx
    .insertInto('events')
    .values({
      job_id: event.jobId,
      at: event.at,
      type: event.type,
      from_status: event.fromStatus ?? null,
      to_status: event.toStatus ?? null,
      actor: event.actor,
      reason: event.reason ?? null,
      data: jsonOrNull(event.data),
    })
    .execute();
}

/**
 * Events in the order in which they happened.
 * @param page `after`: only events with a greater id, so that a reader can go on where it stopped
 */
export async function listEvents(
  store: Store,
  { jobId, after = 0, limit = 1000 }: { jobId?: number; after?: number; limit?: number } = {},
): Promise<EventRow[]> {
  let query = store.db.selectFrom('events').selectAll().where('id', '>', after);
  if (jobId !== undefined) query = query.where('job_id', '=', jobId);
  return await query.orderBy('id').limit(literal(limit)).execute();
}
