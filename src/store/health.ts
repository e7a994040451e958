import { JOB_STATUSES, type JobStatus } from '../domain/job.ts';
import { literal, PROCESSING } from './literal.ts';
import type { Store } from './store.ts';

export interface JobCounts {
  totalJobs: number;
  /** Jobs that were claimed here at least once; imported ones ran elsewhere. */
  everRan: number;
  /** Those of them whose process is known: all, but for one that is being started for the first time. */
  jobsWithPid: number;
  /** Jobs in `processing`. */
  active: number;
  /** Jobs in `pending`. */
  waiting: number;
  byStatus: Record<JobStatus, number>;
}

/**
 * How many jobs there are, in which states, and of how many the process is known. It reads indexes alone, but from end to
 * end: in a million jobs that takes tenths of a second, so ask for it now and then, not with every heartbeat.
 */
export async function jobCounts(store: Store): Promise<JobCounts> {
  const ran = await countRan(store);
  const byStatus = await countByStatus(store);
  const totalJobs = Object.values(byStatus).reduce((sum, count) => sum + count, 0);
  return { totalJobs, ...ran, active: byStatus.processing, waiting: byStatus.pending, byStatus };
}

async function countRan(store: Store): Promise<{ everRan: number; jobsWithPid: number }> {
  const { all, known } = await store.db
    .selectFrom('transcription_jobs')
    .select(({ fn }) => [fn.countAll<number>().as('all'), fn.count<number>('process_id').as('known')])
    .where('started_at', 'is not', null)
    .where('imported_from', 'is', null)
    .executeTakeFirstOrThrow();
  return { everRan: Number(all), jobsWithPid: Number(known) };
}

/** In two parts, because jobs in work have an index of their own. */
async function countByStatus(store: Store): Promise<Record<JobStatus, number>> {
  const { db } = store;
  const rows = await db
    .selectFrom('transcription_jobs')
    .select(({ fn }) => ['status', fn.countAll<number>().as('count')])
    .where('status', '<>', PROCESSING)
    .groupBy('status')
    .unionAll(
      db
        .selectFrom('transcription_jobs')
        .select(({ fn }) => [literal<JobStatus>('processing').as('status'), fn.countAll<number>().as('count')])
        .where('status', '=', PROCESSING),
    )
    .execute();
  const counts = Object.fromEntries(JOB_STATUSES.map((status) => [status, 0])) as Record<JobStatus, number>;
  for (const { status, count } of rows) counts[status] = Number(count);
  return counts;
}
