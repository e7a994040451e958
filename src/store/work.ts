import { ORPHAN_TIMEOUT_SECONDS } from '../domain/job.ts';
import { literal, PROCESSING } from './literal.ts';
import { setRunFacts } from './runs.ts';
import type { JobPatch, JobRow } from './schema.ts';
import type { Store } from './store.ts';

/** What is found out about a job while it is worked on. */
export type JobFacts = Pick<
  JobPatch,
  | 'duration_minutes'
  | 'source_sha256'
  | 'source_bytes'
  | 'source_modified_ms'
  | 'language'
  | 'engine'
  | 'model'
  | 'processes'
  | 'workers'
  | 'estimated_duration'
  | 'output_path'
  | 'crash_count'
  | 'retry_count'
>;

/**
 * Records the process that works on a job, and where its log is. Both stay when the job rests and when it is claimed again,
 * until the next run's process is known.
 * @returns false when the lease is lost
 */
export async function registerProcess(
  store: Store,
  id: number,
  { pid, logFilePath, leaseToken }: { pid: number; logFilePath: string; leaseToken: string },
): Promise<boolean> {
  const now = store.clock.now();
  return await patchInLease(store, id, leaseToken, {
    process_id: pid,
    log_file_path: logFilePath,
    last_heartbeat: now,
  });
}

/**
 * Says that a job is still worked on, how far it is, and until when the lease holds.
 * @returns false when the lease is lost; the caller must stop at once
 */
export async function updateHeartbeat(
  store: Store,
  id: number,
  beat: {
    leaseToken: string;
    leaseUntil: number;
    /** Per cent. */
    progress?: number | undefined;
    /** The stage in words. */
    progressStage?: string | undefined;
    /** Seconds of sound per second of work. */
    speed?: number | undefined;
    elapsedSeconds?: number | undefined;
  },
): Promise<boolean> {
  return await patchInLease(store, id, beat.leaseToken, {
    last_heartbeat: store.clock.now(),
    lease_until: beat.leaseUntil,
    progress: beat.progress,
    progress_stage: beat.progressStage,
    speed: beat.speed,
    elapsed_seconds: beat.elapsedSeconds,
  });
}

/**
 * Records what was found out about a job.
 * @returns false when the lease is lost
 */
export async function setJobFacts(
  store: Store,
  id: number,
  { leaseToken, ...facts }: { leaseToken: string } & JobFacts,
): Promise<boolean> {
  return await patchInLease(store, id, leaseToken, facts);
}

/**
 * Records with what a job is worked on, for this run and those that follow.
 * @param parameters kept as JSON; what has a column of its own is written there too
 * @returns false when the lease is lost
 */
export async function recordParameters(
  store: Store,
  { jobId, runId, leaseToken }: { jobId: number; runId: number; leaseToken: string },
  parameters: { engine: string; model: string; language: string; processes: number; workers: number },
): Promise<boolean> {
  const { engine, model, language, processes, workers } = parameters;
  const columns = { engine, model, language, processes, workers, parameters: JSON.stringify(parameters) };
  return (await patchInLease(store, jobId, leaseToken, columns)) && (await setRunFacts(store, runId, columns));
}

async function patchInLease(store: Store, id: number, leaseToken: string, patch: JobPatch): Promise<boolean> {
  const { numUpdatedRows } = await store.db
    .updateTable('transcription_jobs')
    .set({ ...patch, updated_at: store.clock.now() })
    .where('id', '=', id)
    .where('lease_token', '=', leaseToken)
    .where('status', '=', PROCESSING)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** Every job that is being worked on, the longest silent first. */
export async function getActiveJobs(store: Store): Promise<JobRow[]> {
  return await store.db
    .selectFrom('transcription_jobs')
    .selectAll()
    .where('status', '=', PROCESSING)
    .orderBy('last_heartbeat', (order) => order.asc().nullsFirst())
    .execute();
}

/** Jobs that are said to be worked on though nothing was heard of them for so long, the longest silent first. */
export async function getOrphanedJobs(
  store: Store,
  { timeoutSeconds = ORPHAN_TIMEOUT_SECONDS }: { timeoutSeconds?: number } = {},
): Promise<JobRow[]> {
  const cutoff = store.clock.now() - timeoutSeconds * 1000;
  return await store.db
    .selectFrom('transcription_jobs')
    .selectAll()
    .where('status', '=', PROCESSING)
    .where((eb) => eb.or([eb('last_heartbeat', '<', cutoff), eb('last_heartbeat', 'is', null)]))
    .orderBy('last_heartbeat', (order) => order.asc().nullsFirst())
    .execute();
}

/**
 * Forgets the crashes of a job that waits and starts its time limit anew: a person wants it tried again.
 * @returns false when the job does not wait; then nothing was changed
 */
export async function forgiveCrashes(store: Store, jobId: number): Promise<boolean> {
  const { numUpdatedRows } = await store.db
    .updateTable('transcription_jobs')
    .set((eb) => ({ crash_count: 0, limit_from_seconds: eb.ref('elapsed_seconds') }))
    .where('id', '=', jobId)
    .where('status', '=', literal('pending'))
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}
