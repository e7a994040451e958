import { sql } from 'kysely';
import { literal, PROCESSING } from './literal.ts';
import { inParts } from './parts.ts';
import type { JobRow, QueueRow } from './schema.ts';
import type { Store } from './store.ts';

/** What must be known of a job to say when it will be done. */
export type QueuedJob = Pick<
  JobRow,
  | 'id'
  | 'filename'
  | 'status'
  | 'paused_by'
  | 'priority'
  | 'progress'
  | 'progress_stage'
  | 'speed'
  | 'duration_minutes'
  | 'engine'
  | 'model'
  | 'smaller_model'
  | 'processes'
  | 'workers'
>;

/** Milliseconds since the epoch before which it is not started. */
export type WaitingJob = QueuedJob & Pick<QueueRow, 'not_before'>;

const COLUMNS = [
  'j.id',
  'j.filename',
  'j.status',
  'j.paused_by',
  'j.progress',
  'j.progress_stage',
  'j.speed',
  'j.duration_minutes',
  'j.engine',
  'j.model',
  'j.smaller_model',
  'j.processes',
  'j.workers',
] as const;

/** The head of the queue, in the order in which it will be claimed. */
export async function headOfQueue(store: Store, limit: number): Promise<WaitingJob[]> {
  return await inOrder(store).limit(literal(limit)).execute();
}

/** Of these jobs those that wait, in the order in which they will be claimed. */
export async function waitingAmong(store: Store, ids: readonly number[]): Promise<WaitingJob[]> {
  const found: (WaitingJob & Pick<QueueRow, 'place'>)[] = [];
  for (const part of inParts(ids)) found.push(...(await inOrder(store).where('q.job_id', 'in', part).execute()));
  return found.sort((a, b) => b.priority - a.priority || a.place - b.place || a.id - b.id);
}

function inOrder(store: Store) {
  return (
    store.db
      .selectFrom('transcription_queue as q')
      // A cross join, because SQLite keeps its order: the queue, which is sorted, leads.
      .crossJoin('transcription_jobs as j')
      .whereRef('j.id', '=', 'q.job_id')
      .select(COLUMNS)
      .select(['q.not_before', 'q.priority', 'q.place'])
      .where('q.started_at', 'is', null)
      .orderBy('q.priority', 'desc')
      .orderBy('q.place')
      .orderBy('q.id')
  );
}

/** How many jobs wait to be claimed. */
export async function countWaiting(store: Store): Promise<number> {
  const row = await store.db
    .selectFrom('transcription_queue')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('started_at', 'is', null)
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

/** Jobs that wait and are worked on in the same way, all together. */
export interface WaitingGroup extends Pick<JobRow, 'engine' | 'model' | 'processes' | 'workers'> {
  count: number;
  /** Those of a known length. */
  known: number;
  /** Of these, together. */
  minutes: number;
}

/** All that wait, summed up: what a queue of any length costs to look at. */
export async function waitingInSum(store: Store): Promise<WaitingGroup[]> {
  const rows = await store.db
    .selectFrom('transcription_queue as q')
    .crossJoin('transcription_jobs as j')
    .whereRef('j.id', '=', 'q.job_id')
    .where('q.started_at', 'is', null)
    .select(['j.engine', 'j.model', 'j.processes', 'j.workers'])
    .select(({ fn }) => [
      fn.countAll<number>().as('count'),
      fn.sum<number>('j.duration_minutes').as('minutes'),
      sql<number>`sum(case when j.duration_minutes > 0 then 1 else 0 end)`.as('known'),
    ])
    .groupBy(['j.engine', 'j.model', 'j.processes', 'j.workers'])
    .execute();
  return rows.map((row) => ({
    ...row,
    count: Number(row.count),
    known: Number(row.known),
    minutes: Number(row.minutes),
  }));
}

/** A job that is worked on, with the number of its run; null before the run is known. */
export type JobAtWork = QueuedJob & { run: number | null };

/** Jobs that are worked on, the first begun first. */
export async function jobsAtWork(store: Store): Promise<JobAtWork[]> {
  return await store.db
    .selectFrom('transcription_jobs as j')
    .leftJoin('runs as r', 'r.id', 'j.current_run_id')
    .select([...COLUMNS, 'j.priority', 'r.number as run'])
    .where('j.status', '=', PROCESSING)
    .orderBy('j.started_at')
    .orderBy('j.id')
    .execute();
}

/** Jobs that wait for their next try after an error, the next to be tried first. */
export async function jobsToRetry(store: Store, limit: number): Promise<WaitingJob[]> {
  return await store.db
    .selectFrom('transcription_queue as q')
    .crossJoin('transcription_jobs as j')
    .whereRef('j.id', '=', 'q.job_id')
    .select(COLUMNS)
    .select(['q.not_before', 'q.priority'])
    .where('q.started_at', 'is not', null)
    .where('j.status', '=', literal('retrying'))
    .orderBy('q.not_before')
    .orderBy('q.id')
    .limit(literal(limit))
    .execute();
}

/** Jobs that were paused with the queue or by the time of day, and go on by themselves. */
export async function jobsToGoOn(store: Store, limit: number): Promise<WaitingJob[]> {
  return await store.db
    .selectFrom('transcription_jobs as j')
    .select([...COLUMNS, 'j.priority'])
    .select(sql<number>`0`.as('not_before'))
    .where('j.status', '=', literal('paused'))
    // The index is for all but `processing`, and is used only when that is said.
    .where('j.status', '<>', PROCESSING)
    .where('j.paused_by', 'in', ['quiet hours', 'queue'])
    .orderBy('j.created_at')
    .orderBy('j.id')
    .limit(literal(limit))
    .execute();
}
