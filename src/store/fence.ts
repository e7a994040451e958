import type { Kysely } from 'kysely';
import { compiled } from './compiled.ts';
import type { Database, JobRow } from './schema.ts';
import type { Store, Trx } from './store.ts';
import { inTransaction } from './transaction.ts';

/**
 * Fencing. A claim gives a job a new `lease_token`; whatever the holder writes is written only while the job is
 * `processing` under that very token. A holder that was thought dead and comes back finds another token, or none, and
 * changes nothing.
 *
 * The check and the write are one transaction. SQLite's is immediate, so nobody else writes meanwhile; on PostgreSQL
 * the job's row is locked, always before any other row, so that two transactions on one job queue up behind each other
 * and cannot deadlock.
 */

/** What a transaction must know of a job before it changes it. */
export type JobHead = Pick<JobRow, 'status' | 'lease_token' | 'priority' | 'elapsed_seconds' | 'paused_by'>;

/** Reads a job's state so that it holds until the transaction ends. */
export async function lockJob(store: Store, trx: Trx, jobId: number): Promise<JobHead | undefined> {
  const { rows } = await (store.dialect === 'postgres' ? selectHeadForUpdate : selectHead)(trx, { jobId });
  return rows[0];
}

type OfJob = { jobId: number };

const headOf = (db: Kysely<Database>, { jobId }: OfJob) =>
  db
    .selectFrom('transcription_jobs')
    .select(['status', 'lease_token', 'priority', 'elapsed_seconds', 'paused_by'])
    .where('id', '=', jobId);
const selectHead = compiled(headOf);
const selectHeadForUpdate = compiled((db, job: OfJob) => headOf(db, job).forUpdate());

/**
 * Does the work in one transaction if the lease still holds.
 * @returns what the work returns, or undefined when the lease is lost; then nothing was written
 */
export async function inLease<T>(
  store: Store,
  jobId: number,
  leaseToken: string,
  work: (trx: Trx) => Promise<T>,
): Promise<T | undefined> {
  return await inTransaction(store, async (trx) => {
    const job = await lockJob(store, trx, jobId);
    if (job?.status !== 'processing' || job.lease_token !== leaseToken) return undefined;
    return await work(trx);
  });
}
