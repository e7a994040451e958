import type { StageName } from '../domain/stage.ts';
import { literal } from './literal.ts';
import type { JobRow, RunRow, StageRow } from './schema.ts';
import type { Store } from './store.ts';

/** What there is to measure of a job that is not worked on any more, and of its last run. */
export interface Ending {
  job: Pick<JobRow, 'status' | 'engine' | 'elapsed_seconds' | 'duration_minutes' | 'error_kind' | 'completed_at'>;
  /** Undefined when it never had one. */
  run: Pick<RunRow, 'id' | 'outcome' | 'error_kind' | 'ended_at'> | undefined;
  /** Seconds that each stage took that is complete, from its start to its end. */
  stageSeconds: { name: StageName; seconds: number }[];
}

/** How a job ended, or came to wait or rest; undefined when there is no such job. Its text is not read. */
export async function endingOf(store: Store, jobId: number): Promise<Ending | undefined> {
  const { db } = store;
  const job = await db
    .selectFrom('transcription_jobs')
    .select(['status', 'engine', 'elapsed_seconds', 'duration_minutes', 'error_kind', 'completed_at'])
    .where('id', '=', jobId)
    .executeTakeFirst();
  if (!job) return undefined;
  const run = await db
    .selectFrom('runs')
    .select(['id', 'outcome', 'error_kind', 'ended_at'])
    .where('job_id', '=', jobId)
    .orderBy('number', 'desc')
    .limit(literal(1))
    .executeTakeFirst();
  const stages = await db
    .selectFrom('stages')
    .select(['name', 'started_at', 'ended_at'])
    .where('job_id', '=', jobId)
    .where('status', '=', 'complete')
    .execute();
  return { job, run, stageSeconds: stages.flatMap(secondsOf) };
}

function secondsOf({ name, started_at, ended_at }: Pick<StageRow, 'name' | 'started_at' | 'ended_at'>) {
  return started_at === null || ended_at === null ? [] : [{ name, seconds: (ended_at - started_at) / 1000 }];
}
