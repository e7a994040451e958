import type { Insertable } from 'kysely';
import { UsageError } from '../domain/errors.ts';
import type { StageName } from '../domain/stage.ts';
import { compiled } from './compiled.ts';
import { appendEvent } from './events.ts';
import { jsonOrNull } from './json.ts';
import { addJobTargets, type NewTarget } from './notification-targets.ts';
import type { JobInsert, JobRow, QueueTable } from './schema.ts';
import { countOnFrom } from './sequences.ts';
import { holdSize, newestOfSize } from './sources.ts';
import type { Store, Trx } from './store.ts';
import { inTransaction } from './transaction.ts';
import { noteWatched, type WatchedFile } from './watched-files.ts';

export { explainRefusal } from './refusal.ts';
export { finishJob, transition } from './transition.ts';
export {
  forgiveCrashes,
  getActiveJobs,
  getOrphanedJobs,
  registerProcess,
  setJobFacts,
  updateHeartbeat,
} from './work.ts';

/** A job of this id is there already. Nothing was written. */
export class JobExistsError extends UsageError {
  readonly id: number;

  constructor(id: number) {
    super(`There is a job ${id} already.`, 'Choose another id, or give none: then the next free one is taken.');
    this.id = id;
  }
}

/** Half of what JavaScript counts exactly, so that the ids that are counted up from here are exact too. */
const MAX_JOB_ID = 2 ** 52;

export interface NewJob {
  /** When not given, the next free one. */
  id?: number;
  /** What the recording is called. */
  filename: string;
  originalPath?: string;
  outputPath?: string;
  model?: string;
  processes?: number;
  workers?: number;
  engine?: string;
  language?: string;
  /** Everything that was asked for; kept as JSON. */
  parameters?: unknown;
  /** Higher goes first; 0 when not given. */
  priority?: number;
  durationMinutes?: number;
  /** Seconds of work expected. */
  estimatedDuration?: number;
  sourceSha256?: string;
  sourceBytes?: number;
  sourceModifiedMs?: number;
  taskId?: string;
  userId?: string;
  spaceId?: string;
  /** The page that started it, and that it is cancelled when that page stays closed. */
  clientId?: string;
  onLeave?: 'cancel';
  /** The stages this job will go through, and those it will not. */
  stages?: Partial<Record<StageName, 'not_started' | 'skipped'>>;
  /** Set for a file of a watched folder: it is recorded as handed in, with the job. Needs path, bytes and time of the source. */
  watched?: boolean;
  /** Who is told of its end, beside those who are told of every job. */
  notify?: readonly NewTarget[];
  /** Who submitted it. */
  actor: string;
  reason?: string;
}

/** A job as it stands in a list: everything but its text. */
export type JobSummary = Omit<JobRow, 'transcript'>;

/**
 * Accepts a job: its row, its place in the queue, its stages and the event, all or nothing.
 * @returns the job's id, once it is safe on disk
 * @throws JobExistsError when a job of the given id is there already
 * @throws UsageError when what was given cannot be an id
 */
export async function insertJob(store: Store, job: NewJob): Promise<number> {
  refuseBadId(job.id);
  return await inTransaction(store, (trx) => insertWhole(store, trx, job));
}

/**
 * As `insertJob`, unless a job with a recording of as many bytes has come since the caller looked: it may be the same one.
 * Of two who hand in the same content at the same moment one is told so here, and looks again.
 * @param seen the highest id among jobs of that size when the caller looked; 0 for none
 * @returns undefined when one has come; then nothing was written
 */
export async function insertJobUnlessNewer(store: Store, job: NewJob, seen: number): Promise<number | undefined> {
  refuseBadId(job.id);
  return await inTransaction(store, async (trx) => {
    await holdSize(store, trx, job.sourceBytes ?? 0);
    if ((await newestOfSize(trx, job.sourceBytes ?? 0)) > seen) return undefined;
    return await insertWhole(store, trx, job);
  });
}

async function insertWhole(store: Store, trx: Trx, job: NewJob): Promise<number> {
  const now = store.clock.now();
  if (job.id !== undefined) await countOnFrom(store, trx, job.id);
  const id = await insertRow(trx, job, now);
  await insertQueueRow(trx, { job_id: id, priority: job.priority ?? 0, created_at: now, place: now });
  await insertStages(trx, id, job);
  if (job.watched) await noteWatched(trx, watchedFile(job), id, now);
  if (job.notify) await addJobTargets(trx, id, { targets: job.notify, userId: job.userId ?? null, now });
  await appendEvent(store, trx, {
    jobId: id,
    at: now,
    type: 'submitted',
    toStatus: 'pending',
    actor: job.actor,
    reason: job.reason,
  });
  return id;
}

function watchedFile({ originalPath, sourceBytes, sourceModifiedMs }: NewJob): WatchedFile {
  return { path: originalPath ?? '', bytes: sourceBytes ?? 0, modifiedMs: sourceModifiedMs ?? 0 };
}

function refuseBadId(id: number | undefined): void {
  if (id === undefined || (Number.isInteger(id) && id >= 1 && id <= MAX_JOB_ID)) return;
  throw new UsageError(`${id} cannot be the id of a job.`, `An id is a whole number from 1 to ${MAX_JOB_ID}.`);
}

async function insertRow(trx: Trx, job: NewJob, now: number): Promise<number> {
  const { rows } = await insertJobRow(trx, jobValues(job, now));
  // Only a given id can be taken.
  if (!rows[0]) throw new JobExistsError(job.id as number);
  return rows[0].id;
}

const insertJobRow = compiled((db, row: JobInsert) =>
  db
    .insertInto('transcription_jobs')
    .values(row)
    .onConflict((conflict) => conflict.column('id').doNothing())
    .returning('id'),
);

const insertQueueRow = compiled((db, row: Insertable<QueueTable>) => db.insertInto('transcription_queue').values(row));

function jobValues(job: NewJob, now: number): JobInsert {
  return {
    filename: job.filename,
    parameters: jsonOrNull(job.parameters),
    created_at: now,
    updated_at: now,
    ...given({
      id: job.id,
      original_path: job.originalPath,
      output_path: job.outputPath,
      model: job.model,
      processes: job.processes,
      workers: job.workers,
      engine: job.engine,
      language: job.language,
      priority: job.priority,
      duration_minutes: job.durationMinutes,
      estimated_duration: job.estimatedDuration,
      source_sha256: job.sourceSha256,
      source_bytes: job.sourceBytes,
      source_modified_ms: job.sourceModifiedMs,
      task_id: job.taskId,
      user_id: job.userId,
      space_id: job.spaceId,
      client_id: job.clientId,
      on_leave: job.onLeave,
    }),
  };
}

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Leaves out what was not given, so that the schema's defaults hold. */
function given<T extends object>(values: T): Given<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Given<T>;
}

async function insertStages(trx: Trx, jobId: number, { stages = {} }: NewJob): Promise<void> {
  const rows = Object.entries(stages).map(([name, status]) => ({ job_id: jobId, name: name as StageName, status }));
  if (rows.length > 0) await trx.insertInto('stages').values(rows).execute();
}

/** A job with everything that is known of it, or undefined. */
export async function getJob(store: Store, id: number): Promise<JobRow | undefined> {
  return await store.db.selectFrom('transcription_jobs').selectAll().where('id', '=', id).executeTakeFirst();
}
