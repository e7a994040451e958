import { literal } from './literal.ts';
import type { JobRow } from './schema.ts';
import type { Store } from './store.ts';

/** A job that ends when its page stays closed. */
export type PageJob = Pick<JobRow, 'id' | 'status' | 'paused_by' | 'user_id' | 'client_id'>;

/** States in which there is something to cancel. */
const UNFINISHED = ['pending', 'processing', 'retrying', 'paused'] as const;

/** The jobs that are not over and shall end when the page that started them stays closed. */
export async function jobsOfPages({ db }: Store): Promise<PageJob[]> {
  return await db
    .selectFrom('transcription_jobs')
    .select(['id', 'status', 'paused_by', 'user_id', 'client_id'])
    .where('on_leave', 'is not', null)
    .where('status', 'in', UNFINISHED.map(literal))
    .execute();
}
