import { newestEvents } from '../store/event-trail.ts';
import { QUEUE_EVENT_JOB_ID } from '../store/queue-state.ts';
import type { Store } from '../store/store.ts';
import { type EventView, eventViewOf, sentenceOf } from './history.ts';

/** A change of a job or of the queue, with who and why. */
export interface AuditLine extends EventView {
  /** Goes up with each change. */
  id: number;
  /** Null for the queue as a whole. The job need not be there any more. */
  job: number | null;
  sentence: string;
}

/**
 * The newest changes of all jobs and of the queue, the oldest of them first.
 * @param wanted `since`: only changes of that moment or later, milliseconds since the epoch; `userId`: only of this user's jobs
 */
export async function auditTrail(
  store: Store,
  wanted: { jobId?: number | undefined; since?: number | undefined; limit: number; userId?: string | null },
): Promise<AuditLine[]> {
  const rows = await newestEvents(store, wanted);
  return rows.map((row) => {
    const event = eventViewOf(row);
    return {
      id: row.id,
      job: row.job_id === QUEUE_EVENT_JOB_ID ? null : row.job_id,
      ...event,
      sentence: sentenceOf(event),
    };
  });
}
