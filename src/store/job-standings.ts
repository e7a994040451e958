import type { JobRow } from './schema.ts';
import type { Store } from './store.ts';

/** The little that is asked of many jobs at once. */
export type JobStanding = Pick<JobRow, 'id' | 'status' | 'paused_by' | 'user_id' | 'duration_minutes'>;

/** Where these jobs stand and whose they are; those that are not there are left out. */
export async function jobStandings({ db }: Store, jobIds: readonly number[]): Promise<JobStanding[]> {
  if (jobIds.length === 0) return [];
  return await db
    .selectFrom('transcription_jobs')
    .select(['id', 'status', 'paused_by', 'user_id', 'duration_minutes'])
    .where('id', 'in', jobIds)
    .orderBy('id')
    .execute();
}
