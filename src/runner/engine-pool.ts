/**
 * Hands chunks to engine workers and replaces those that die, stall or answer nonsense.
 *
 * Each of `processes` lanes holds one engine worker and takes the next chunk when the last one is done. While a chunk
 * is being committed the lane already works on the next: committing is the store's business and the engine need not
 * wait for the disk. A lane never has more than one commit outstanding, so at most one finished chunk per lane can be
 * lost with the process. A failed chunk costs its worker: it is closed (killed) and the chunk goes back to the front
 * for a fresh one, three tries in all.
 */
import { EngineError, type ErrorReport, LonghandError, reportOf } from '../domain/errors.ts';
import type { AudioSlice, Engine, EngineWorker, WorkerOptions } from '../engines/engine.ts';
import type { PendingChunk } from '../pipeline/checkpoint.ts';
import type { Word } from '../transcript/transcript.ts';
import type { ChunkAllowance } from './chunk-allowance.ts';

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
      remedy: 'Everything before and after it is kept. Try another engine or model, or resume the job to try it again.',
      ...(last.evidence ? { evidence: last.evidence } : {}),
    });
  }
}

/**
 * Works through the chunks. Resolves when all are committed or, after `drain` or `abort`, when nothing is in flight.
 * @throws ChunkQuarantinedError, ModelError, or whatever `commit` and `fail` throw; no worker is left in any case
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

  async next(): Promise<EngineWorker> {
    for (;;) {
      try {
        const worker = await this.#order.engine.openWorker(this.#order.worker);
        this.#failures = 0;
        return worker;
      } catch (error) {
        this.#failures += 1;
        if (!(error instanceof EngineError) || this.#failures >= MAX_OPEN_FAILURES) throw error;
        this.#order.onLine(`An engine worker could not be started: ${error.message} Trying again.`);
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
        worker = new LaneWorker(await supply.next());
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
  // Anything but an engine's failure (a full disk, a bug) would only repeat itself with a fresh worker.
  if (error instanceof LonghandError && !(error instanceof EngineError)) throw error;
  const report = reportOf(error);
  const tries = await order.fail(chunk, report);
  if (tries >= MAX_CHUNK_TRIES) throw new ChunkQuarantinedError(chunk, order.sampleRateHz, tries, report);
  queue.unshift(chunk);
}

type LaneResult = { type: 'words'; words: Word[] } | { type: 'failed'; error: unknown } | { type: 'given up' };

/** One worker with a clock beside it. */
class LaneWorker {
  readonly #worker: EngineWorker;
  dead = false;

  constructor(worker: EngineWorker) {
    this.#worker = worker;
    worker.exited.then(() => {
      this.dead = true;
    });
  }

  async transcribe(slice: AudioSlice, allowanceMs: number, giveUp: AbortSignal): Promise<LaneResult> {
    let timer: NodeJS.Timeout | undefined;
    let onGiveUp: (() => void) | undefined;
    const stalled = new Promise<LaneResult>((resolve) => {
      const seconds = Math.round(allowanceMs / 1000);
      const error = new EngineError(`No progress for ${seconds} s - the engine worker was ended.`);
      timer = setTimeout(() => resolve({ type: 'failed', error }), allowanceMs);
    });
    const givenUp = new Promise<LaneResult>((resolve) => {
      onGiveUp = () => resolve({ type: 'given up' });
      if (giveUp.aborted) onGiveUp();
      else giveUp.addEventListener('abort', onGiveUp, { once: true });
    });
    const answer = this.#worker.transcribe(slice).then(
      (words): LaneResult => ({ type: 'words', words }),
      (error): LaneResult => ({ type: 'failed', error }),
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
}
