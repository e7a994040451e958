import type { JobStatus } from '../domain/job.ts';
import { appendEvent } from './events.ts';
import { lockJob } from './fence.ts';
import type { Store, Trx } from './store.ts';
import { inTransaction } from './transaction.ts';

/** What became of a job's priority. */
export interface Prioritised {
  status: JobStatus;
  from: number;
  to: number;
}

/**
 * Gives a job another priority: its row, its place in the queue and the event are one transaction. Within the new priority
 * it stands where it was queued. One that does not wait has it when it waits again.
 * @returns undefined when there is no such job
 */
export async function setPriority(
  store: Store,
  jobId: number,
  to: number,
  { actor }: { actor: string },
): Promise<Prioritised | undefined> {
  return await inTransaction(store, async (trx) => {
    const job = await lockJob(store, trx, jobId);
    if (!job) return undefined;
    const { status, priority: from } = job;
    if (from === to) return { status, from, to };
    await setPriorityOfJob(store, trx, jobId, to);
    await trx.updateTable('transcription_queue').set({ priority: to }).where('job_id', '=', jobId).execute();
    await appendEvent(store, trx, {
      jobId,
      at: store.clock.now(),
      type: 'changed',
      actor,
      reason: `Priority ${from} → ${to}`,
      data: { what: 'priority', from, to },
    });
    return { status, from, to };
  });
}

/** The row of the job alone: what it comes back with when it was out of the queue. */
export async function setPriorityOfJob(store: Store, trx: Trx, jobId: number, priority: number): Promise<void> {
  const updated_at = store.clock.now();
  await trx.updateTable('transcription_jobs').set({ priority, updated_at }).where('id', '=', jobId).execute();
}
