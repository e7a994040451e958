import { inParts } from './parts.ts';
import type { JobRow } from './schema.ts';
import type { Store } from './store.ts';

/** The little that is asked of many jobs at once; `user_id` is whose it is, null for one of before there were users. */
export type JobStanding = Pick<JobRow, 'id' | 'status' | 'paused_by' | 'user_id' | 'duration_minutes'>;

/**
 * Where these jobs stand and whose they are, the lowest number first; those that are not there are left out.
 * @param jobIds any number of them
 */
export async function jobStandings({ db }: Store, jobIds: readonly number[]): Promise<JobStanding[]> {
  const found: JobStanding[] = [];
  for (const part of inParts([...jobIds].sort((a, b) => a - b))) {
    const rows = await db
      .selectFrom('transcription_jobs')
      .select(['id', 'status', 'paused_by', 'user_id', 'duration_minutes'])
      .where('id', 'in', part)
      .orderBy('id')
      .execute();
    found.push(...rows);
  }
  return found;
}
