/**
 * Hands chunks to engine workers and replaces those that die, stall or answer nonsense.
 *
 * Each of `processes` lanes holds one engine worker and takes the next chunk when the last one is done. While a chunk
 * is being committed the lane already works on the next: committing is the store's business and the engine need not
 * wait for the disk. A lane never has more than one commit outstanding, so at most one finished chunk per lane can be
 * lost with the process. A failed chunk costs its worker: it is closed (killed) and the chunk goes back to the front
 * for a fresh one, three tries in all. A worker that the system ended because memory ran out ends the pool instead: a
 * fresh one would need as much.
 */
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { duration } from '../domain/duration.ts';
import { EngineError, type ErrorReport, LonghandError, reportOf } from '../domain/errors.ts';
import type { AudioSlice, Engine, EngineWorker, WorkerExit, WorkerOptions } from '../engines/engine.ts';
import type { PendingChunk } from '../pipeline/checkpoint.ts';
import { faultBehind } from '../pipeline/disk-fault.ts';
import { EngineMemoryError, OomWatch } from '../pipeline/engine-memory-error.ts';
import type { Word } from '../transcript/transcript.ts';
import type { ChunkAllowance } from './chunk-allowance.ts';
import { openUnlessAborted } from './opening.ts';

/** Tries of one chunk before its job is quarantined. */
export const MAX_CHUNK_TRIES = 3;
/** Workers in a row that could not be started before the engine is given up. */
const MAX_OPEN_FAILURES = 3;

export interface PoolOrder {
  engine: Engine;
  worker: WorkerOptions;
  /** Lanes. */
  processes: number;
  audioPath: string;
  sampleRateHz: number;
  chunks: PendingChunk[];
  allowance: ChunkAllowance;
  now(): number;
  /** Called before a chunk is handed out. */
  onChunk(chunk: PendingChunk): void;
  /** Must resolve only when the chunk is durable. */
  commit(chunk: PendingChunk, words: Word[], workMs: number): Promise<void>;
  /** Counts a failed try. @returns how often the chunk has failed by now */
  fail(chunk: PendingChunk, error: ErrorReport): Promise<number>;
  onLine(line: string): void;
  /** How many processes the system's out-of-memory killer ended so far; undefined where nobody counts. */
  oomKills?(): number | undefined;
  /** No further chunk is handed out once this is aborted. */
  drain: AbortSignal;
  /** Chunks in flight are given up once this is aborted. */
  abort: AbortSignal;
}

/** A chunk that failed again and again: the job is quarantined with this chunk's evidence. */
export class ChunkQuarantinedError extends LonghandError {
  constructor(chunk: PendingChunk, sampleRateHz: number, tries: number, last: ErrorReport) {
    const from = (chunk.startSample / sampleRateHz).toFixed(1);
    const to = (chunk.endSample / sampleRateHz).toFixed(1);
    super({
      kind: 'engine',
      message: `Chunk ${chunk.number + 1} (${from}–${to} s) failed ${tries} times. The last time: ${last.message}`,
      remedy:
        'All other chunks that are done are kept. Look at what is left of this one: longhand show ID --evidence DIR. Then ' +
        'try it again: longhand retry ID, or hand the recording in with another model: longhand transcribe FILE --model NAME',
      ...(last.evidence ? { evidence: last.evidence } : {}),
    });
  }
}

/**
 * Works through the chunks. Resolves when all are committed or, after `drain` or `abort`, when nothing is in flight.
 * No worker is left, but for one that was being opened when `abort` came: it is closed as soon as it is open.
 * @throws ChunkQuarantinedError, EngineMemoryError, ModelError, or whatever `commit` and `fail` throw
 */
export async function runPool(order: PoolOrder): Promise<void> {
  const queue = [...order.chunks];
  const failure = new AbortController();
  const lanes = Math.min(Math.max(1, order.processes), queue.length);
  const open = new WorkerSupply(order);

  const results = await Promise.allSettled(
    Array.from({ length: lanes }, () =>
      runLane(order, queue, open, failure).catch((error) => {
        failure.abort(error);
        throw error;
      }),
    ),
  );
  if (failure.signal.aborted) throw failure.signal.reason;
  const rejected = results.find((result) => result.status === 'rejected');
  if (rejected) throw rejected.reason;
}

/** Starts workers and remembers how many in a row could not be started. */
class WorkerSupply {
  readonly #order: PoolOrder;
  #failures = 0;

  constructor(order: PoolOrder) {
    this.#order = order;
  }

  /** @returns undefined when the wish to stop came first */
  async next(): Promise<EngineWorker | undefined> {
    const { engine, worker: options, abort } = this.#order;
    for (;;) {
      const oom = new OomWatch(this.#order.oomKills);
      try {
        const worker = await openUnlessAborted(abort, () => engine.openWorker(options));
        this.#failures = 0;
        return worker;
      } catch (error) {
        // Loading the model is when memory runs out first; how the process ended is not told here.
        if (error instanceof EngineError && oom.struck) throw new EngineMemoryError(placeOf(this.#order), error);
        this.#failures += 1;
        const cause = await faultBehind(error, options.scratchDir);
        if (!(cause instanceof EngineError) || this.#failures >= MAX_OPEN_FAILURES) throw cause;
        this.#order.onLine(`An engine worker could not be started: ${cause.message} Trying again.`);
      }
    }
  }
}

async function runLane(order: PoolOrder, queue: PendingChunk[], supply: WorkerSupply, failure: AbortController) {
  let worker: LaneWorker | undefined;
  let committing: Promise<void> | undefined;
  const giveUp = AbortSignal.any([order.abort, failure.signal]);
  try {
    while (!order.drain.aborted && !giveUp.aborted) {
      const chunk = queue.shift();
      if (!chunk) break;
      if (!worker || worker.dead) {
        // One that died while it had nothing to do may have left something behind.
        await worker?.close();
        const opened = await supply.next();
        if (!opened) break;
        worker = new LaneWorker(order, opened);
        // Loading a model takes its time: the wish to stop may have come meanwhile.
        if (order.drain.aborted || giveUp.aborted) break;
      }
      order.onChunk(chunk);
      const startedAt = order.now();
      const result = await worker.transcribe(sliceOf(order, chunk), order.allowance.msFor(chunk), giveUp);
      await committing;
      committing = undefined;
      if (result.type === 'words') {
        const workMs = order.now() - startedAt;
        order.allowance.learn(chunk, workMs);
        committing = order.commit(chunk, result.words, workMs);
        // The lane looks at it only after its next chunk; a commit that fails must stop all lanes now.
        committing.catch((error) => failure.abort(error));
      } else {
        await worker.close();
        worker = undefined;
        if (result.type === 'given up') break;
        await retryOrQuarantine(order, queue, chunk, result.error);
      }
    }
    await committing;
  } finally {
    await worker?.close();
  }
}

function sliceOf(order: PoolOrder, chunk: PendingChunk): AudioSlice {
  return { audioPath: order.audioPath, startSample: chunk.startSample, endSample: chunk.endSample };
}

async function retryOrQuarantine(order: PoolOrder, queue: PendingChunk[], chunk: PendingChunk, error: unknown) {
  const cause = await faultBehind(error, order.worker.scratchDir);
  const report = reportOf(cause);
  // Anything but an engine's failure would only repeat itself with a fresh worker; what the disk refused is no chunk's fault.
  if (report.kind === 'disk' || (cause instanceof LonghandError && !(cause instanceof EngineError))) throw cause;
  const tries = await order.fail(chunk, report);
  if (tries >= MAX_CHUNK_TRIES) throw new ChunkQuarantinedError(chunk, order.sampleRateHz, tries, report);
  queue.unshift(chunk);
}

type LaneResult = { type: 'words'; words: Word[] } | { type: 'failed'; error: unknown } | { type: 'given up' };

function placeOf({ engine, worker }: PoolOrder) {
  return { engine, model: worker.model };
}

/** One worker with a clock beside it. */
class LaneWorker {
  readonly #order: PoolOrder;
  readonly #worker: EngineWorker;
  /** How it ended, once it has. */
  #exit: WorkerExit | undefined;

  constructor(order: PoolOrder, worker: EngineWorker) {
    this.#order = order;
    this.#worker = worker;
    worker.exited.then((exit) => {
      this.#exit = exit;
    });
  }

  get dead(): boolean {
    return this.#exit !== undefined;
  }

  async transcribe(slice: AudioSlice, allowanceMs: number, giveUp: AbortSignal): Promise<LaneResult> {
    const oom = new OomWatch(this.#order.oomKills);
    let timer: NodeJS.Timeout | undefined;
    let onGiveUp: (() => void) | undefined;
    const stalled = new Promise<LaneResult>((resolve) => {
      const error = new EngineError(`No progress for ${duration(allowanceMs / 1000)} - automatically reset`);
      timer = setTimeout(() => resolve({ type: 'failed', error }), allowanceMs);
    });
    const givenUp = new Promise<LaneResult>((resolve) => {
      onGiveUp = () => resolve({ type: 'given up' });
      if (giveUp.aborted) onGiveUp();
      else giveUp.addEventListener('abort', onGiveUp, { once: true });
    });
    const answer = this.#worker.transcribe(slice).then(
      (words): LaneResult => ({ type: 'words', words }),
      async (error): Promise<LaneResult> => ({ type: 'failed', error: await this.#causeOf(error, oom) }),
    );
    try {
      return await Promise.race([answer, stalled, givenUp]);
    } finally {
      clearTimeout(timer);
      if (onGiveUp) giveUp.removeEventListener('abort', onGiveUp);
    }
  }

  close(): Promise<void> {
    return this.#worker.close();
  }

  /** Asked before we close the worker, so that a SIGKILL is not our own. */
  async #causeOf(error: unknown, oom: OomWatch): Promise<unknown> {
    if (!(error instanceof EngineError)) return error;
    // That its process has ended may be told a moment after its last answer failed.
    await turnOfTheLoop();
    return this.#exit?.signal === 'SIGKILL' && oom.struck ? new EngineMemoryError(placeOf(this.#order), error) : error;
  }
}
