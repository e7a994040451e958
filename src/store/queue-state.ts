import { compiled } from './compiled.ts';
import { appendEvent } from './events.ts';
import type { QueuePauser } from './schema.ts';
import type { Store, Trx } from './store.ts';
import { inTransaction } from './transaction.ts';

/** What events about the queue as a whole have for a job; no job ever has this id. */
export const QUEUE_EVENT_JOB_ID = 0;

const NOT_PAUSED = { paused_by: null, reason: null, paused_at: null, resume_at_bytes: null } as const;

/** While the queue is paused no job starts. */
export interface QueuePause {
  by: QueuePauser;
  reason: string | null;
  /** Milliseconds since the epoch. */
  at: number;
  /** When the disk is full: the queue goes on as soon as so many bytes are free. */
  resumeAtBytes: number | null;
}

/** The pause of the whole queue, or undefined when it is not paused. */
export async function queuePause(store: Store): Promise<QueuePause | undefined> {
  const { rows } = await selectState(store.db, {});
  const row = rows[0];
  if (!row || row.paused_by === null || row.paused_at === null) return undefined;
  return { by: row.paused_by, reason: row.reason, at: row.paused_at, resumeAtBytes: row.resume_at_bytes };
}

const selectState = compiled((db) => db.selectFrom('queue_state').selectAll().where('name', '=', 'all'));

/**
 * Pauses the queue until it is resumed, also over restarts. A person's pause takes over from one that Longhand made, so
 * that the queue does not go on by itself; the other way round nothing changes.
 * @returns whether this call changed anything
 */
export async function pauseQueue(
  store: Store,
  {
    by,
    actor,
    reason,
    resumeAtBytes,
  }: {
    by: QueuePauser;
    actor: string;
    reason?: string | undefined;
    resumeAtBytes?: number | undefined;
  },
): Promise<boolean> {
  const at = store.clock.now();
  const pause = { paused_by: by, reason: reason ?? null, paused_at: at, resume_at_bytes: resumeAtBytes ?? null };
  return await inTransaction(store, async (trx) => {
    await makeRow(trx);
    const { numUpdatedRows } = await trx
      .updateTable('queue_state')
      .set(pause)
      .where('name', '=', 'all')
      .where((eb) =>
        eb.or([eb('paused_by', 'is', null), eb.and([eb('paused_by', '<>', by), eb(eb.val(by), '=', 'user')])]),
      )
      .executeTakeFirst();
    if (numUpdatedRows !== 1n) return false;
    await append(store, trx, { at, actor, reason: reason ? `Paused: ${reason}` : 'Paused' });
    return true;
  });
}

/**
 * Lets the queue go on.
 * @param by only when it was paused by this one; by anybody when not given
 * @returns whether this call changed anything
 */
export async function resumeQueue(
  store: Store,
  { by, actor, reason }: { by?: QueuePauser; actor: string; reason?: string | undefined },
): Promise<boolean> {
  const at = store.clock.now();
  return await inTransaction(store, async (trx) => {
    let update = trx
      .updateTable('queue_state')
      .set(NOT_PAUSED)
      .where('name', '=', 'all')
      .where('paused_by', 'is not', null);
    if (by) update = update.where('paused_by', '=', by);
    const { numUpdatedRows } = await update.executeTakeFirst();
    if (numUpdatedRows !== 1n) return false;
    await append(store, trx, { at, actor, reason: reason ? `Resumed: ${reason}` : 'Resumed' });
    return true;
  });
}

async function makeRow(trx: Trx): Promise<void> {
  await trx
    .insertInto('queue_state')
    .values({ name: 'all', ...NOT_PAUSED })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .execute();
}

async function append(store: Store, trx: Trx, event: { at: number; actor: string; reason: string }): Promise<void> {
  await appendEvent(store, trx, { jobId: QUEUE_EVENT_JOB_ID, type: 'queue', ...event });
}
