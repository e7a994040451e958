import type { JobStatus } from '../domain/job.ts';
import { inParts } from './parts.ts';
import type { Store } from './store.ts';

export interface JobState {
  status: JobStatus;
  /** When its row was last changed, in milliseconds since the epoch. */
  updatedAt: number;
}

/**
 * The states of these jobs. A job that is not in the answer is unknown.
 * @param ids any number of them
 */
export async function jobStates(store: Store, ids: readonly number[]): Promise<Map<number, JobState>> {
  const states = new Map<number, JobState>();
  for (const part of inParts(ids)) {
    const rows = await store.db
      .selectFrom('transcription_jobs')
      .select(['id', 'status', 'updated_at'])
      .where('id', 'in', part)
      .execute();
    for (const { id, status, updated_at } of rows) states.set(id, { status, updatedAt: updated_at });
  }
  return states;
}
