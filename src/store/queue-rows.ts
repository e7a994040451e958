import { compiled } from './compiled.ts';
import type { Trx } from './store.ts';

/*
 * A job's row in the queue follows the job's state: it waits while the job is `pending`, is marked as started while it
 * is `processing` or `retrying`, and is gone when the job rests. A job that comes back to `pending` from work keeps its
 * place; one that comes back from rest goes to the end of its priority.
 */

export async function returnToQueue(
  trx: Trx,
  jobId: number,
  place: { now: number; priority: number; notBefore: number },
): Promise<void> {
  await trx
    .insertInto('transcription_queue')
    .values({
      job_id: jobId,
      priority: place.priority,
      created_at: place.now,
      place: place.now,
      not_before: place.notBefore,
    })
    .onConflict((conflict) => conflict.column('job_id').doUpdateSet({ started_at: null, not_before: place.notBefore }))
    .execute();
}

export async function markQueueStarted(trx: Trx, jobId: number, now: number): Promise<void> {
  await updateStarted(trx, { jobId, now });
}

export async function setNotBefore(trx: Trx, jobId: number, notBefore: number): Promise<void> {
  await trx.updateTable('transcription_queue').set({ not_before: notBefore }).where('job_id', '=', jobId).execute();
}

export async function leaveQueue(trx: Trx, jobId: number): Promise<void> {
  await deleteRow(trx, { jobId });
}

const updateStarted = compiled((db, { jobId, now }: { jobId: number; now: number }) =>
  db.updateTable('transcription_queue').set({ started_at: now }).where('job_id', '=', jobId),
);

const deleteRow = compiled((db, { jobId }: { jobId: number }) =>
  db.deleteFrom('transcription_queue').where('job_id', '=', jobId),
);
