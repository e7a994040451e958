/**
 * The outbox: what is to be told is written in the transaction that makes it true. So nothing is told that was rolled back,
 * and nothing that happened is forgotten, whenever the process ends.
 */
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { type NotificationEvent, type NotifiedJob, notificationOf } from '../domain/notification.ts';
import { compiled } from './compiled.ts';
import { literal } from './literal.ts';
import type { TargetRow } from './schema.ts';
import type { Store, Trx } from './store.ts';

/** The advisory lock of whoever asks whether its job was the last one; any number that nobody else uses in this database. */
const LAST_JOB_LOCK = 4_815_162_343;
/** Longer than any try takes. */
const TEST_DUE_AFTER_MS = 60_000;

type Wanted = Pick<TargetRow, 'id' | 'destination' | 'events' | 'user_id' | 'job_id'>;

/** Writes what is to be told of a job that has just ended. Where nobody wants to know, one look is all that it costs. */
export async function noteEndOfJob(
  store: Store,
  trx: Trx,
  { jobId, status, at }: { jobId: number; status: 'completed' | 'failed' | 'cancelled'; at: number },
): Promise<void> {
  if (!(await isAnybodyThere(trx))) return;
  const targets = await trx
    .selectFrom('notification_targets')
    .select(['id', 'destination', 'events', 'user_id', 'job_id'])
    .where((eb) => eb.or([eb('job_id', 'is', null), eb('job_id', '=', jobId)]))
    .where('enabled', '=', 1)
    .orderBy('id')
    .execute();
  if (status !== 'cancelled') await noteJob(trx, wanting(targets, status), { jobId, status, at });
  const wantEmpty = wanting(targets, 'queue_empty');
  if (wantEmpty.length > 0 && (await isQueueEmpty(store, trx))) await note(trx, wantEmpty, 'queue_empty', { at });
}

async function isAnybodyThere(trx: Trx): Promise<boolean> {
  return (await anyTarget(trx, {})).rows.length > 0;
}

const anyTarget = compiled((db) => db.selectFrom('notification_targets').select('id').limit(literal(1)));

/**
 * Writes a notification that says nothing but that notifications arrive. Whoever asked for it sends it at once; it is due
 * by itself only when that did not come to pass.
 * @returns the id of its delivery
 */
export async function noteTest(store: Store, target: Pick<TargetRow, 'id' | 'destination'>): Promise<number> {
  const at = store.clock.now();
  const { id } = await store.db
    .insertInto('notification_deliveries')
    .values({ ...deliveryTo(target, 'test', { at }), next_at: at + TEST_DUE_AFTER_MS })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

function wanting(targets: readonly Wanted[], event: NotificationEvent): Wanted[] {
  return targets.filter(({ events }) => (JSON.parse(events) as NotificationEvent[]).includes(event));
}

async function noteJob(
  trx: Trx,
  targets: readonly Wanted[],
  { jobId, status, at }: { jobId: number; status: 'completed' | 'failed'; at: number },
): Promise<void> {
  if (targets.length === 0) return;
  const row = await trx
    .selectFrom('transcription_jobs')
    .select(['filename', 'engine', 'model', 'language', 'duration_minutes', 'elapsed_seconds', 'user_id'])
    .select(['error_kind', 'error_message', 'error_remedy'])
    .where('id', '=', jobId)
    .executeTakeFirstOrThrow();
  const told = targets.filter((target) => target.user_id === null || target.user_id === row.user_id);
  const job: NotifiedJob = {
    id: jobId,
    filename: row.filename,
    status,
    engine: row.engine,
    model: row.model,
    language: row.language,
    durationSeconds: row.duration_minutes * 60,
    elapsedSeconds: row.elapsed_seconds,
    error:
      row.error_message === null
        ? null
        : { kind: row.error_kind, message: row.error_message, remedy: row.error_remedy },
  };
  await note(trx, told, status, { at, job });
}

async function note(
  trx: Trx,
  targets: readonly Wanted[],
  event: NotificationEvent,
  facts: { at: number; job?: NotifiedJob },
): Promise<void> {
  if (targets.length === 0) return;
  const rows = targets.map((target) => deliveryTo(target, event, facts));
  await trx.insertInto('notification_deliveries').values(rows).execute();
}

function deliveryTo(
  target: Pick<TargetRow, 'id' | 'destination'>,
  event: NotificationEvent | 'test',
  { at, job }: { at: number; job?: NotifiedJob },
) {
  const id = randomUUID();
  return {
    event_id: id,
    target_id: target.id,
    destination: target.destination,
    event,
    job_id: job?.id ?? null,
    payload: JSON.stringify(notificationOf(event, { id, at, ...(job ? { job } : {}) })),
    status: 'pending' as const,
    created_at: at,
    next_at: at,
  };
}

/**
 * Whether no job waits or is in work. On PostgreSQL two jobs that end at the same moment do not see each other's end, and
 * neither would be the last one; so those who ask do so one after another.
 */
async function isQueueEmpty(store: Store, trx: Trx): Promise<boolean> {
  if (store.dialect === 'postgres') await sql`select pg_advisory_xact_lock(${LAST_JOB_LOCK})`.execute(trx);
  const waiting = await trx.selectFrom('transcription_queue').select('id').limit(literal(1)).executeTakeFirst();
  return waiting === undefined;
}
