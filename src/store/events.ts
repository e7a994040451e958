import { type Insertable, type Kysely, sql } from 'kysely';
import type { JobStatus } from '../domain/job.ts';
import { compiled } from './compiled.ts';
import { noteWritten } from './event-readers.ts';
import { jsonOrNull } from './json.ts';
import { literal } from './literal.ts';
import type { Database, EventRow, EventsTable, EventType } from './schema.ts';
import type { Store, Trx } from './store.ts';
import { inTransaction } from './transaction.ts';

/*
 * A reader asks for the events behind the last one it has. So no event may appear behind its back: with a number lower
 * than one that was read already. SQLite has one writer at a time, which commits before the next one draws a number. On
 * PostgreSQL numbers are drawn side by side and committed in any order; so whoever writes an event shares a lock until
 * it has committed, and whoever reads them all takes that lock alone, which waits for those who have drawn a number.
 */

/** The advisory lock of whoever writes events; any number that nobody else uses in this database. */
const EVENTS_LOCK = 4_815_162_342;

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

/** Writes what changed, in the transaction that changed it, as the last thing that this does. */
export async function appendEvent(store: Store, trx: Trx, event: NewEvent): Promise<void> {
  noteWritten(trx);
  if (store.dialect === 'postgres') await sql`select pg_advisory_xact_lock_shared(${EVENTS_LOCK})`.execute(trx);
  await insertEvent(trx, {
    job_id: event.jobId,
    at: event.at,
    type: event.type,
    from_status: event.fromStatus ?? null,
    to_status: event.toStatus ?? null,
    actor: event.actor,
    reason: event.reason ?? null,
    data: jsonOrNull(event.data),
  });
}

const insertEvent = compiled((db, row: Insertable<EventsTable>) => db.insertInto('events').values(row));

/**
 * Events in the order in which they happened.
 * @param page `after`: only events with a greater id, so that a reader can go on where it stopped
 */
export async function listEvents(
  store: Store,
  page: { jobId?: number; after?: number; limit?: number } = {},
): Promise<EventRow[]> {
  // The events of one job cannot overtake each other: whoever writes one holds the job.
  if (page.jobId !== undefined) return await selectEvents(store.db, page);
  return await behindWriters(store, (db) => selectEvents(db, page));
}

/**
 * The ids of the oldest and of the newest event; undefined when there is none. No event appears later at or below the newest.
 */
export async function eventBounds(store: Store): Promise<{ oldest: number; newest: number } | undefined> {
  return await behindWriters(store, async (db) => {
    // Asked together they would be looked for in the whole table.
    const events = db.selectFrom('events');
    const { oldest } = await events.select(({ fn }) => fn.min('id').as('oldest')).executeTakeFirstOrThrow();
    const { newest } = await events.select(({ fn }) => fn.max('id').as('newest')).executeTakeFirstOrThrow();
    return oldest === null ? undefined : { oldest, newest };
  });
}

/**
 * Events of a stretch that no event is added to any more, the oldest first.
 * @param stretch behind `after`, up to `upTo`, which is an id that was read in order before; of `jobIds` alone, where given
 */
export async function eventsBetween(
  { db }: Store,
  stretch: { after: number; upTo: number; jobIds?: readonly number[] | undefined; limit: number },
): Promise<EventRow[]> {
  const { after, upTo, jobIds, limit } = stretch;
  let query = db.selectFrom('events').selectAll().where('id', '>', after).where('id', '<=', upTo);
  if (jobIds) query = query.where('job_id', 'in', jobIds);
  return await query.orderBy('id').limit(literal(limit)).execute();
}

/** Reads when everybody who has drawn a number has committed. */
async function behindWriters<T>(store: Store, read: (db: Kysely<Database>) => Promise<T>): Promise<T> {
  if (store.dialect === 'sqlite') return await read(store.db);
  return await inTransaction(store, async (trx) => {
    await sql`select pg_advisory_xact_lock(${EVENTS_LOCK})`.execute(trx);
    return await read(trx);
  });
}

async function selectEvents(
  db: Kysely<Database>,
  { jobId, after = 0, limit = 1000 }: { jobId?: number; after?: number; limit?: number },
): Promise<EventRow[]> {
  let query = db.selectFrom('events').selectAll().where('id', '>', after);
  if (jobId !== undefined) query = query.where('job_id', '=', jobId);
  return await query.orderBy('id').limit(literal(limit)).execute();
}
