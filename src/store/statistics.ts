import { type Expression, sql } from 'kysely';
import type { ErrorKind } from '../domain/errors.ts';
import type { JobStatus } from '../domain/job.ts';
import { literal } from './literal.ts';
import type { Store } from './store.ts';

const DAY_MS = 86_400_000;
const SECONDS_PER_MINUTE = 60;

export interface StatusSum {
  status: JobStatus;
  count: number;
  audioSeconds: number;
  workSeconds: number;
}

/**
 * The jobs of each state, with their lengths and the time worked on them. All jobs are read: in a million that takes about a
 * second, so ask for it now and then.
 */
export async function sumsByStatus({ db }: Store, userId: string | undefined): Promise<StatusSum[]> {
  const all = db.selectFrom('transcription_jobs');
  const rows = await (userId === undefined ? all : all.where('user_id', '=', userId))
    .select(({ fn }) => [
      'status',
      fn.countAll<number>().as('count'),
      fn.sum<number>('duration_minutes').as('minutes'),
      fn.sum<number>('elapsed_seconds').as('seconds'),
    ])
    .groupBy('status')
    .execute();
  return rows.map(({ status, count, minutes, seconds }) => ({
    status,
    count: Number(count),
    audioSeconds: Number(minutes) * SECONDS_PER_MINUTE,
    workSeconds: Number(seconds),
  }));
}

/** How many jobs failed for each reason. */
export async function failuresByKind(
  { db }: Store,
  userId: string | undefined,
): Promise<{ kind: ErrorKind; count: number }[]> {
  const failed = db
    .selectFrom('transcription_jobs')
    .where('status', '=', literal('failed'))
    .where('status', '<>', literal('processing'));
  const rows = await (userId === undefined ? failed : failed.where('user_id', '=', userId))
    .select(({ fn }) => ['error_kind', fn.countAll<number>().as('count')])
    .groupBy('error_kind')
    .execute();
  return rows
    .map(({ error_kind, count }) => ({ kind: error_kind ?? ('unknown' as const), count: Number(count) }))
    .sort((a, b) => b.count - a.count);
}

export interface DaySum {
  /** The first millisecond of the day, UTC. */
  at: number;
  created: number;
  completed: number;
  failed: number;
  /** Of those that are completed. */
  audioSeconds: number;
}

/** Jobs by the day on which they were created, UTC; days without one are not in the answer. */
export async function sumsByDay({ db }: Store, since: number, userId: string | undefined): Promise<DaySum[]> {
  const day = sql<number>`created_at / ${literal(DAY_MS)}`;
  const of = (status: JobStatus, value: Expression<number>) =>
    sql<number>`sum(case when status = ${literal(status)} then ${value} else 0 end)`;
  const one = literal(1);
  const young = db.selectFrom('transcription_jobs').where('created_at', '>=', since);
  const rows = await (userId === undefined ? young : young.where('user_id', '=', userId))
    .select(({ fn }) => [
      day.as('day'),
      fn.countAll<number>().as('created'),
      of('completed', one).as('completed'),
      of('failed', one).as('failed'),
      of('completed', sql<number>`duration_minutes`).as('minutes'),
    ])
    .groupBy(day)
    .orderBy(day)
    .execute();
  return rows.map((row) => ({
    at: Number(row.day) * DAY_MS,
    created: Number(row.created),
    completed: Number(row.completed),
    failed: Number(row.failed),
    audioSeconds: Number(row.minutes) * SECONDS_PER_MINUTE,
  }));
}
