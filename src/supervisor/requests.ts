import { type ErrorReport, reportOf } from '../domain/errors.ts';
import type { Checkpoint } from '../pipeline/checkpoint.ts';
import type { CheckpointVerb, SupervisorMessage } from '../runner/protocol.ts';
import { recordArtifact } from '../store/artifacts.ts';
import {
  chunkCounts,
  commitChunk,
  committedChunks,
  failChunk,
  pendingChunks,
  planChunks,
  speechProgress,
} from '../store/chunks.ts';
import { finishJob, getJob, setJobFacts } from '../store/jobs.ts';
import { setRunFacts } from '../store/runs.ts';
import { setStage } from '../store/stages.ts';
import type { Store } from '../store/store.ts';
import { requestArguments } from './messages.ts';

/** Whose requests these are. */
export interface RequestScope {
  store: Store;
  jobId: number;
  runId: number;
  leaseToken: string;
  /** Seconds worked on the job so far, all runs together. */
  elapsedSeconds(): number;
  /** The work that the whole job is expected to take became known. */
  onEstimate?(seconds: number): void;
}

type Answer = Extract<SupervisorMessage, { type: 'answer' }>;

/** Does what a runner asks for and answers after the commit. Never rejects: what goes wrong is the answer. */
export async function answerRequest(
  scope: RequestScope,
  request: { id: number; verb: CheckpointVerb; args: unknown[] },
): Promise<Answer> {
  const { id, verb, args } = request;
  try {
    const value = await perform(scope, verb, args);
    return value === LOST ? { type: 'answer', id, ok: false, lost: true } : { type: 'answer', id, ok: true, value };
  } catch (error) {
    return { type: 'answer', id, ok: false, lost: false, error: storeReport(error) };
  }
}

const LOST = Symbol('the lease is lost');

type Performed<V extends CheckpointVerb> = Awaited<ReturnType<Checkpoint[V]>> | typeof LOST;
type Verbs = { [V in CheckpointVerb]: (scope: RequestScope, args: unknown[]) => Promise<Performed<V>> };

function perform(scope: RequestScope, verb: CheckpointVerb, args: unknown[]): Promise<unknown> {
  return VERBS[verb](scope, args);
}

const won = (answer: boolean): undefined | typeof LOST => (answer ? undefined : LOST);

const VERBS: Verbs = {
  async setStage({ store, jobId, leaseToken }, args) {
    const [name, { secondsLeft, ...change }] = requestArguments.setStage.parse(args);
    const estimated = { estimatedEndAt: endAt(store, secondsLeft) };
    return won(await setStage(store, jobId, leaseToken, name, defined({ ...change, ...estimated })));
  },
  async setFacts({ store, jobId, runId, leaseToken, onEstimate }, args) {
    const [facts] = requestArguments.setFacts.parse(args);
    const { engine, model, language, processes, workers, durationSeconds, estimatedSeconds, versions } = facts;
    const columns = defined({
      engine,
      model,
      language,
      duration_minutes: durationSeconds === undefined ? undefined : durationSeconds / 60,
      estimated_duration: estimatedSeconds,
      source_sha256: facts.sourceSha256,
      source_bytes: facts.sourceBytes,
      source_modified_ms: facts.sourceModifiedMs,
    });
    if (!(await setJobFacts(store, jobId, { leaseToken, ...columns }))) return LOST;
    if (estimatedSeconds !== undefined) onEstimate?.(estimatedSeconds);
    const ofTheRun = defined({ engine, model, language, processes, workers, versions });
    if (Object.keys(ofTheRun).length > 0) await setRunFacts(store, runId, ofTheRun);
    return undefined;
  },
  async recordArtifact({ store, jobId, leaseToken }, args) {
    const [artifact] = requestArguments.recordArtifact.parse(args);
    return won(await recordArtifact(store, jobId, leaseToken, artifact));
  },
  async planChunks({ store, jobId, leaseToken }, args) {
    const [plan] = requestArguments.planChunks.parse(args);
    return won(await planChunks(store, jobId, leaseToken, plan));
  },
  async pendingChunks({ store, jobId }) {
    const rows = await pendingChunks(store, jobId);
    return rows.map((row) => ({ ...place(row), attempts: row.attempts }));
  },
  async committedChunks({ store, jobId }, args) {
    const [from, limit] = requestArguments.committedChunks.parse(args);
    const rows = await committedChunks(store, jobId, { from, limit });
    return rows.map((row) => ({
      ...place(row),
      words: row.words,
      engine: row.engine ?? '',
      model: row.model ?? '',
    }));
  },
  async chunkCounts({ store, jobId }) {
    const [counts, speech] = await Promise.all([chunkCounts(store, jobId), speechProgress(store, jobId)]);
    return { total: counts.total, committed: counts.complete, ...speech };
  },
  async commitChunk({ store, jobId, runId, leaseToken }, args) {
    const [{ words, secondsLeft, ...result }] = requestArguments.commitChunk.parse(args);
    const estimatedEndAt = endAt(store, secondsLeft);
    return won(
      await commitChunk(store, jobId, leaseToken, { ...result, words: words.map(defined), runId, estimatedEndAt }),
    );
  },
  async failChunk({ store, jobId, leaseToken }, args) {
    const [number, error] = requestArguments.failChunk.parse(args);
    const failure = { number, error: error.message, evidence: error.evidence };
    return (await failChunk(store, jobId, leaseToken, failure)) ?? LOST;
  },
  async finish({ store, jobId, leaseToken, elapsedSeconds }, args) {
    const [{ text }] = requestArguments.finish.parse(args);
    const elapsed = elapsedSeconds();
    const seconds = ((await getJob(store, jobId))?.duration_minutes ?? 0) * 60;
    const speed = elapsed > 0 ? seconds / elapsed : 0;
    return won(await finishJob(store, jobId, leaseToken, { transcript: text, elapsedSeconds: elapsed, speed }));
  },
};

function endAt({ clock }: Store, secondsLeft: number | undefined): number | undefined {
  return secondsLeft === undefined ? undefined : Math.round(clock.now() + secondsLeft * 1000);
}

function place(row: { number: number; start_sample: number; end_sample: number; speech: number }) {
  return {
    number: row.number,
    startSample: row.start_sample,
    endSample: row.end_sample,
    speech: row.speech === 1,
  };
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** Without the keys that hold nothing. */
function defined<T extends object>(value: T): Partial<Defined<T>> & Pick<T, RequiredKeys<T>> {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as never;
}

type RequiredKeys<T> = { [K in keyof T]-?: undefined extends T[K] ? never : K }[keyof T];

/** As `reportOf`, for what the store throws: a disk that is full or fails is said to be that. */
export function storeReport(error: unknown): ErrorReport {
  const { code } = error as { code?: unknown };
  if (code === 'SQLITE_FULL' || (typeof code === 'string' && code.startsWith('SQLITE_IOERR'))) {
    return {
      kind: 'disk',
      message: 'The disk that holds the data folder is full or cannot be written.',
      remedy: 'Free some space, then resume the job.',
      evidence: code,
    };
  }
  return reportOf(error);
}
