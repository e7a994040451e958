import type { JobStatus } from '../domain/job.ts';
import { literal, PROCESSING } from './literal.ts';
import type { Store } from './store.ts';

/** The ids of all jobs in a state, the oldest first. */
export async function idsOfStatus({ db }: Store, status: JobStatus): Promise<number[]> {
  const all = db.selectFrom('transcription_jobs').select('id');
  const those =
    status === 'processing'
      ? all.where('status', '=', PROCESSING)
      : all.where('status', '=', literal(status)).where('status', '<>', PROCESSING);
  return (await those.execute()).map(({ id }) => id).sort((a, b) => a - b);
}
