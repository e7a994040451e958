import { type RawBuilder, sql, type Updateable } from 'kysely';
import type { ErrorReport } from '../domain/errors.ts';
import type { RunOutcome } from '../domain/outcome.ts';
import { jsonOrNull } from './json.ts';
import { literal } from './literal.ts';
import { inParts } from './parts.ts';
import type { JobRow, RunRow, RunsTable } from './schema.ts';
import type { Store } from './store.ts';

/** All audio is decoded to this (`audio/loudness.ts`). */
const SAMPLE_RATE_HZ = 16_000;

export interface RunEnd {
  outcome: RunOutcome['type'];
  reason?: string | undefined;
  exitCode?: number | null | undefined;
  exitSignal?: string | null | undefined;
  error?: ErrorReport | undefined;
  /** When not given, the error's own. */
  evidence?: string | undefined;
  peakMemoryBytes?: number | null | undefined;
  cpuSeconds?: number | null | undefined;
}

/**
 * Records by which process a run is done, so that it can be told from any other later.
 * @returns false when the run has ended
 */
export async function setRunProcess(
  store: Store,
  runId: number,
  { pid, startTime, bootId }: { pid: number; startTime: string | null; bootId: string | null },
): Promise<boolean> {
  return await patchUnended(store, runId, { pid, pid_start_time: startTime, boot_id: bootId });
}

/**
 * Records what a run really uses, as opposed to what was asked for.
 * @returns false when the run has ended
 */
export async function setRunFacts(
  store: Store,
  runId: number,
  facts: {
    engine?: string | undefined;
    model?: string | undefined;
    language?: string | undefined;
    processes?: number | undefined;
    workers?: number | undefined;
    /** JSON. */
    parameters?: string | undefined;
    /** Program name to version; kept as JSON. */
    versions?: Record<string, string> | undefined;
  },
): Promise<boolean> {
  const { versions, ...columns } = facts;
  const patch = versions === undefined ? columns : { ...columns, versions: jsonOrNull(versions) };
  return await patchUnended(store, runId, patch);
}

/**
 * Says how a run ended, and what it teaches about speed. Only the first to say it is heard.
 * @returns whether this call was the first
 */
export async function endRun(store: Store, runId: number, end: RunEnd): Promise<boolean> {
  return await patchUnended(store, runId, {
    speech_seconds: ofItsChunks(sql`sum(end_sample - start_sample) * 1.0 / ${literal(SAMPLE_RATE_HZ)}`),
    work_seconds: ofItsChunks(sql`sum(work_ms) / 1000.0`),
    ended_at: store.clock.now(),
    outcome: end.outcome,
    reason: end.reason ?? null,
    exit_code: end.exitCode ?? null,
    exit_signal: end.exitSignal ?? null,
    error_kind: end.error?.kind ?? null,
    error_message: end.error?.message ?? null,
    error_remedy: end.error?.remedy ?? null,
    evidence: end.evidence ?? end.error?.evidence ?? null,
    peak_memory_bytes: end.peakMemoryBytes ?? null,
    cpu_seconds: end.cpuSeconds ?? null,
  });
}

/** Of the chunks that the run committed; null when there are none. Silence was committed by no run. */
function ofItsChunks(sum: RawBuilder<unknown>): RawBuilder<number | null> {
  return sql<number | null>`(
    select ${sum} from chunks
    where chunks.job_id = runs.job_id and chunks.run_id = runs.id and chunks.work_ms is not null
  )`;
}

type Learned = 'speech_seconds' | 'work_seconds';
type Patch = Omit<Updateable<RunsTable>, Learned> & { [K in Learned]?: RawBuilder<number | null> };

async function patchUnended(store: Store, runId: number, patch: Patch): Promise<boolean> {
  const { numUpdatedRows } = await store.db
    .updateTable('runs')
    // A patch of nothing is still an answer to whether the run goes on.
    .set((eb) => ({ started_at: eb.ref('started_at'), ...patch }))
    .where('id', '=', runId)
    .where('ended_at', 'is', null)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** One run, or undefined. */
export async function getRun(store: Store, runId: number): Promise<RunRow | undefined> {
  return await store.db.selectFrom('runs').selectAll().where('id', '=', runId).executeTakeFirst();
}

/** A job's newest run, or undefined when it never had one. */
export async function latestRun(store: Store, jobId: number): Promise<RunRow | undefined> {
  return await store.db
    .selectFrom('runs')
    .selectAll()
    .where('job_id', '=', jobId)
    .orderBy('number', 'desc')
    .limit(literal(1))
    .executeTakeFirst();
}

/** What must be known of a run to judge a process that carries its token. */
export type RunOfToken = Pick<RunRow, 'id' | 'job_id' | 'token' | 'ended_at'>;

/**
 * The runs to which these tokens belong, the oldest first. A token that is in no row belongs to no run of this database.
 * @param tokens as found in the environment of processes; any number of them
 */
export async function runsByToken(store: Store, tokens: readonly string[]): Promise<RunOfToken[]> {
  const found: RunOfToken[] = [];
  for (const part of inParts([...new Set(tokens)])) {
    const rows = await store.db
      .selectFrom('runs')
      .select(['id', 'job_id', 'token', 'ended_at'])
      .where('token', 'in', part)
      .execute();
    found.push(...rows);
  }
  return found.sort((a, b) => a.id - b.id);
}

/** A job's runs, the first first. */
export async function listRuns(store: Store, jobId: number): Promise<RunRow[]> {
  return await store.db.selectFrom('runs').selectAll().where('job_id', '=', jobId).orderBy('number').execute();
}

/** Runs that nobody has said the end of, each with its job. After a start these are what a dead owner left. */
export async function unendedRuns(store: Store): Promise<{ run: RunRow; job: JobRow }[]> {
  const unended = store.db.selectFrom('runs').where('ended_at', 'is', null);
  const runs = await unended.selectAll().orderBy('id').execute();
  const jobs = await store.db
    .selectFrom('transcription_jobs')
    .selectAll()
    .where('id', 'in', unended.select('job_id'))
    .execute();
  const jobOf = new Map(jobs.map((job) => [job.id, job]));
  // A run whose job is not among them has ended, or gone with its job, between the two questions.
  return runs.flatMap((run) => {
    const job = jobOf.get(run.job_id);
    return job ? [{ run, job }] : [];
  });
}
