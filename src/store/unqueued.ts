import { appendEvent } from './events.ts';
import { lockJob } from './fence.ts';
import { literal, PROCESSING } from './literal.ts';
import { returnToQueue } from './queue-rows.ts';
import type { Store } from './store.ts';
import { inTransaction } from './transaction.ts';

/*
 * A job that waits has a row in the queue, and every change of ours keeps it so. Another program that writes into the
 * table knows of `transcription_jobs` alone: what it leaves `pending` would be claimed by nobody.
 */

/**
 * Jobs that are `pending` and do not wait in the queue, the oldest first.
 * @param limit at most so many
 */
export async function unqueuedJobs({ db }: Store, { limit = 1000 }: { limit?: number } = {}): Promise<number[]> {
  const rows = await db
    .selectFrom('transcription_jobs as j')
    .select('j.id')
    .where('j.status', '=', literal('pending'))
    .where('j.status', '<>', PROCESSING)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('transcription_queue as q')
            .select('q.id')
            .whereRef('q.job_id', '=', 'j.id')
            .where('q.started_at', 'is', null),
        ),
      ),
    )
    .orderBy('j.created_at')
    .orderBy('j.id')
    .limit(literal(limit))
    .execute();
  return rows.map(({ id }) => id);
}

/**
 * Puts a `pending` job that does not wait in the queue to the end of its priority, with an event.
 * @returns whether this call did it; false when the job is not `pending` any more or waits already, and nothing was written
 */
export async function queueJob(
  store: Store,
  id: number,
  { actor, reason }: { actor: string; reason: string },
): Promise<boolean> {
  return await inTransaction(store, async (trx) => {
    const job = await lockJob(store, trx, id);
    if (job?.status !== 'pending') return false;
    const row = await trx
      .selectFrom('transcription_queue')
      .select('started_at')
      .where('job_id', '=', id)
      .executeTakeFirst();
    if (row?.started_at === null) return false;
    const now = store.clock.now();
    await returnToQueue(trx, id, { now, priority: job.priority, notBefore: 0 });
    await appendEvent(store, trx, { jobId: id, at: now, type: 'changed', actor, reason, data: { what: 'queue' } });
    return true;
  });
}
