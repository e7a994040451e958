import type { JobStatus } from '../domain/job.ts';
import { literal, PROCESSING } from './literal.ts';
import type { Store } from './store.ts';

/** The ids of all jobs in a state, or of those of one user, the oldest first. */
export async function idsOfStatus({ db }: Store, status: JobStatus, userId?: string): Promise<number[]> {
  const everybodys = db.selectFrom('transcription_jobs').select('id');
  const all = userId === undefined ? everybodys : everybodys.where('user_id', '=', userId);
  const those =
    status === 'processing'
      ? all.where('status', '=', PROCESSING)
      : all.where('status', '=', literal(status)).where('status', '<>', PROCESSING);
  return (await those.execute()).map(({ id }) => id).sort((a, b) => a - b);
}
