import { LonghandError } from '../domain/errors.ts';
import type { Word } from '../transcript/transcript.ts';
import { inLease } from './fence.ts';
import { literal } from './literal.ts';
import type { ChunkRow, ChunkStatus } from './schema.ts';
import type { Store, Trx } from './store.ts';

/** Rows in one INSERT, well below the number of values that either database takes. */
const ROWS_AT_ONCE = 500;

export interface PlannedChunk {
  /** Counted from 0. */
  number: number;
  startSample: number;
  endSample: number;
  speech: boolean;
}

export interface ChunkResult {
  number: number;
  words: Word[];
  engine: string;
  model: string;
  workMs: number;
  runId: number;
  /** When `transcribe` is expected to end. */
  estimatedEndAt?: number | undefined;
}

/**
 * Lays down where a job's chunks are. Chunks without speech are committed with it, empty, since no engine gets them.
 * Planning the same again changes nothing.
 * @returns false when the lease is lost
 * @throws LonghandError when the job has other chunks already
 */
export async function planChunks(
  store: Store,
  jobId: number,
  leaseToken: string,
  plan: readonly PlannedChunk[],
): Promise<boolean> {
  const won = await inLease(store, jobId, leaseToken, async (trx) => {
    const known = await trx
      .selectFrom('chunks')
      .select(['number', 'start_sample', 'end_sample', 'speech'])
      .where('job_id', '=', jobId)
      .orderBy('number')
      .execute();
    if (known.length > 0) {
      refuseOther(jobId, known, plan);
      return true;
    }
    const rows = plan.map((chunk) => plannedRow(jobId, chunk, store.clock.now()));
    for (let start = 0; start < rows.length; start += ROWS_AT_ONCE) {
      await trx
        .insertInto('chunks')
        .values(rows.slice(start, start + ROWS_AT_ONCE))
        .execute();
    }
    return true;
  });
  return won ?? false;
}

function plannedRow(jobId: number, chunk: PlannedChunk, now: number) {
  return {
    job_id: jobId,
    number: chunk.number,
    start_sample: chunk.startSample,
    end_sample: chunk.endSample,
    speech: chunk.speech ? 1 : 0,
    status: (chunk.speech ? 'pending' : 'complete') as ChunkStatus,
    words: chunk.speech ? null : '[]',
    committed_at: chunk.speech ? null : now,
  };
}

type Place = Pick<ChunkRow, 'number' | 'start_sample' | 'end_sample' | 'speech'>;

function refuseOther(jobId: number, known: Place[], plan: readonly PlannedChunk[]): void {
  const ordered = [...plan].sort((a, b) => a.number - b.number);
  const same =
    known.length === ordered.length &&
    ordered.every((chunk, index) => {
      const row = known[index] as Place;
      const { number, startSample, endSample, speech } = chunk;
      return (
        row.number === number &&
        row.start_sample === startSample &&
        row.end_sample === endSample &&
        row.speech === (speech ? 1 : 0)
      );
    });
  if (same) return;
  throw new LonghandError({
    kind: 'unknown',
    message: `Job ${jobId} is cut into ${known.length} chunks already, and the new cut of ${plan.length} is another one.`,
    remedy: 'Do it again from the start: longhand retry ID --from-start',
  });
}

/**
 * Commits a chunk's words: the checkpoint. The run's count goes up, the job's crashes in a row are forgotten.
 * @returns whether this call committed it; false when the lease is lost, or the chunk is complete or unknown
 */
export async function commitChunk(
  store: Store,
  jobId: number,
  leaseToken: string,
  result: ChunkResult,
): Promise<boolean> {
  const won = await inLease(store, jobId, leaseToken, async (trx) => {
    const { numUpdatedRows } = await trx
      .updateTable('chunks')
      .set({
        status: 'complete',
        words: JSON.stringify(result.words),
        engine: result.engine,
        model: result.model,
        work_ms: result.workMs,
        run_id: result.runId,
        committed_at: store.clock.now(),
        error_message: null,
        evidence: null,
      })
      .where('job_id', '=', jobId)
      .where('number', '=', result.number)
      .where('status', '!=', 'complete')
      .executeTakeFirst();
    if (numUpdatedRows !== 1n) return false;
    await countCommitted(trx, jobId, result.runId, store.clock.now());
    if (result.estimatedEndAt !== undefined) await expectEnd(trx, jobId, result.estimatedEndAt);
    return true;
  });
  return won ?? false;
}

async function countCommitted(trx: Trx, jobId: number, runId: number, now: number): Promise<void> {
  await trx
    .updateTable('runs')
    .set((eb) => ({ chunks_committed: eb('chunks_committed', '+', 1) }))
    .where('id', '=', runId)
    .where('job_id', '=', jobId)
    .execute();
  await trx
    .updateTable('transcription_jobs')
    .set({ crash_count: 0, updated_at: now })
    .where('id', '=', jobId)
    .execute();
}

async function expectEnd(trx: Trx, jobId: number, at: number): Promise<void> {
  await trx
    .updateTable('stages')
    .set({ estimated_end_at: at })
    .where('job_id', '=', jobId)
    .where('name', '=', 'transcribe')
    .where('status', '=', 'processing')
    .execute();
}

/**
 * Records that a chunk could not be done.
 * @returns how often it was tried by now; undefined when the lease is lost, or the chunk is complete or unknown
 */
export async function failChunk(
  store: Store,
  jobId: number,
  leaseToken: string,
  failure: { number: number; error: string; evidence?: string | undefined },
): Promise<number | undefined> {
  return await inLease(store, jobId, leaseToken, async (trx) => {
    const row = await trx
      .updateTable('chunks')
      .set((eb) => ({
        status: 'error',
        attempts: eb('attempts', '+', 1),
        error_message: failure.error,
        evidence: failure.evidence ?? null,
      }))
      .where('job_id', '=', jobId)
      .where('number', '=', failure.number)
      .where('status', '!=', 'complete')
      .returning('attempts')
      .executeTakeFirst();
    return row?.attempts;
  });
}

/** How many chunks a job has, and in what state they are. */
export async function chunkCounts(
  store: Store,
  jobId: number,
): Promise<{ total: number } & Record<ChunkStatus, number>> {
  const rows = await store.db
    .selectFrom('chunks')
    .select(({ fn }) => ['status', fn.countAll<number>().as('count')])
    .where('job_id', '=', jobId)
    .groupBy('status')
    .execute();
  const counts = { total: 0, pending: 0, complete: 0, error: 0 };
  for (const { status, count } of rows) {
    counts[status] = Number(count);
    counts.total += Number(count);
  }
  return counts;
}

export type CommittedChunk = Omit<ChunkRow, 'words'> & { words: Word[] };

/**
 * A page of committed chunks with their words, in order, so that a long recording needs no more memory than a short one.
 * @param page `from`: the first chunk number wanted
 */
export async function committedChunks(
  store: Store,
  jobId: number,
  { from = 0, limit = 200 }: { from?: number; limit?: number } = {},
): Promise<CommittedChunk[]> {
  const rows = await store.db
    .selectFrom('chunks')
    .selectAll()
    .where('job_id', '=', jobId)
    .where('status', '=', 'complete')
    .where('number', '>=', from)
    .orderBy('number')
    .limit(literal(limit))
    .execute();
  return rows.map((row) => ({ ...row, words: JSON.parse(row.words ?? '[]') as Word[] }));
}

export type PendingChunk = Omit<ChunkRow, 'words'>;

const ALL_BUT_WORDS = [
  'job_id',
  'number',
  'start_sample',
  'end_sample',
  'speech',
  'status',
  'attempts',
  'engine',
  'model',
  'work_ms',
  'run_id',
  'committed_at',
  'error_message',
  'evidence',
] as const satisfies readonly (keyof PendingChunk)[];

/**
 * A page of a job's chunks without their words, whatever their state, in order.
 * @param page `from`: the first chunk number wanted
 */
export async function chunkPage(
  store: Store,
  jobId: number,
  { from, limit }: { from: number; limit: number },
): Promise<PendingChunk[]> {
  return await store.db
    .selectFrom('chunks')
    .select(ALL_BUT_WORDS)
    .where('job_id', '=', jobId)
    .where('number', '>=', from)
    .orderBy('number')
    .limit(literal(limit))
    .execute();
}

/** The chunks that are still to do, failed ones included, in order. */
export async function pendingChunks(store: Store, jobId: number): Promise<PendingChunk[]> {
  return await store.db
    .selectFrom('chunks')
    .select(ALL_BUT_WORDS)
    .where('job_id', '=', jobId)
    .where('status', '!=', 'complete')
    .orderBy('number')
    .execute();
}

/** How much speech a job has and how much of it is committed, in samples. */
export async function speechProgress(
  store: Store,
  jobId: number,
): Promise<{ speechSamples: number; committedSpeechSamples: number }> {
  const rows = await store.db
    .selectFrom('chunks')
    .select('status')
    .select(({ fn, eb }) => fn.sum<number>(eb('end_sample', '-', eb.ref('start_sample'))).as('samples'))
    .where('job_id', '=', jobId)
    .where('speech', '=', 1)
    .groupBy('status')
    .execute();
  const samples = (kept: typeof rows) => kept.reduce((sum, row) => sum + Number(row.samples), 0);
  return {
    speechSamples: samples(rows),
    committedSpeechSamples: samples(rows.filter(({ status }) => status === 'complete')),
  };
}
