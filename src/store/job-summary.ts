import type { JobSummary } from './jobs.ts';
import { rowById } from './row-by-id.ts';
import type { Store } from './store.ts';

/** Everything but the text, which may be as long as a book. */
export const SUMMARY = [
  'id',
  'filename',
  'original_path',
  'output_path',
  'duration_minutes',
  'model',
  'processes',
  'workers',
  'status',
  'progress',
  'progress_stage',
  'elapsed_seconds',
  'speed',
  'error_message',
  'estimated_duration',
  'retry_count',
  'task_id',
  'created_at',
  'updated_at',
  'started_at',
  'completed_at',
  'process_id',
  'log_file_path',
  'last_heartbeat',
  'user_id',
  'space_id',
  'engine',
  'language',
  'parameters',
  'priority',
  'source_sha256',
  'source_bytes',
  'source_modified_ms',
  'error_kind',
  'error_remedy',
  'crash_count',
  'paused_by',
  'lease_token',
  'lease_until',
  'lease_node',
  'current_run_id',
  'limit_from_seconds',
  'smaller_model',
  'imported_from',
  'client_id',
  'on_leave',
] as const satisfies readonly (keyof JobSummary)[];

/** What is told of a job in short. Each column more takes time for each of the many who ask. */
const SHORT = [
  'id',
  'filename',
  'original_path',
  'duration_minutes',
  'model',
  'status',
  'progress',
  'progress_stage',
  'elapsed_seconds',
  'speed',
  'error_kind',
  'error_message',
  'error_remedy',
  'created_at',
  'started_at',
  'completed_at',
  'engine',
  'language',
  'priority',
  'paused_by',
  'user_id',
] as const satisfies readonly (keyof JobSummary)[];

export type ShortJob = Pick<JobSummary, (typeof SHORT)[number]>;

/** A job in short, or undefined. Asked at every look at a job. */
export const getShortJob = rowById((db, { id }) =>
  db.selectFrom('transcription_jobs').select(SHORT).where('id', '=', id),
);

/** A job without its text, or undefined. */
export async function getJobSummary(store: Store, id: number): Promise<JobSummary | undefined> {
  return await store.db.selectFrom('transcription_jobs').select(SUMMARY).where('id', '=', id).executeTakeFirst();
}
