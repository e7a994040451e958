import type { JobStatus } from '../domain/job.ts';
import { literal, PROCESSING } from './literal.ts';
import type { Store } from './store.ts';

/** The ids of all jobs in a state, the oldest first. @param userId only this user's; null: everybody's */
export async function idsOfStatus({ db }: Store, status: JobStatus, userId: string | null = null): Promise<number[]> {
  let all = db.selectFrom('transcription_jobs').select('id');
  if (userId !== null) all = all.where('user_id', '=', userId);
  const those =
    status === 'processing'
      ? all.where('status', '=', PROCESSING)
      : all.where('status', '=', literal(status)).where('status', '<>', PROCESSING);
  return (await those.execute()).map(({ id }) => id).sort((a, b) => a - b);
}
