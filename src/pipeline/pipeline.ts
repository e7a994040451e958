import type { ErrorReport } from '../domain/errors.ts';
import type { LogLevel } from '../domain/log-level.ts';
import type { StageName } from '../domain/stage.ts';
import type { Engine } from '../engines/engine.ts';
import type { Word } from '../transcript/transcript.ts';
import type { Checkpoint, PendingChunk } from './checkpoint.ts';
import type { RunOrder } from './order.ts';
import type { ProgressMeter } from './progress.ts';
import { prepare } from './stages/prepare.ts';
import { transcribe } from './stages/transcribe.ts';
import type { WorkMeter } from './work-meter.ts';

/** What the stages share. Everything that reaches outside the process's own files comes in through here. */
export interface PipelineContext {
  order: RunOrder;
  checkpoint: Checkpoint;
  engine: Engine;
  recognise: Recogniser;
  progress: ProgressMeter;
  work: WorkMeter;
  log(level: LogLevel, stage: StageName, message: string): void;
  now(): number;
  /** Memory that this run can have, measured now: what it has itself, and what is free. */
  usableMemoryBytes(): number;
  /** How many processes the system's out-of-memory killer ended so far; undefined where nobody counts. */
  oomKills?(): number | undefined;
  /** Finish the chunk in flight, begin nothing new. */
  drain: AbortSignal;
  /** Give up what is in flight. */
  abort: AbortSignal;
}

/** Turns chunks into words with as many engine workers as the order says; `runner/engine-pool.ts` is the one. */
export type Recogniser = (work: RecognitionWork) => Promise<void>;

export interface RecognitionWork {
  model: { name: string; path?: string };
  language: string;
  /** Engine workers side by side. */
  processes: number;
  /** Threads of each. */
  workers: number;
  audioPath: string;
  chunks: PendingChunk[];
  onChunk(chunk: PendingChunk): void;
  /** Must resolve only when the chunk is durable. */
  commit(chunk: PendingChunk, words: Word[], workMs: number): Promise<void>;
  fail(chunk: PendingChunk, error: ErrorReport): Promise<number>;
}

/** Thrown between two steps when the run was asked to stop; everything done so far is committed. */
export class StoppedError extends Error {
  override name = 'StoppedError';
}

/** Stops here if somebody asked for it. */
export function throwIfStopping(context: Pick<PipelineContext, 'drain' | 'abort'>): void {
  if (context.drain.aborted || context.abort.aborted) throw new StoppedError();
}

/**
 * Takes a recording to its text, from wherever the last run left off.
 * @throws StoppedError when it was asked to stop; LeaseLostError when the job is somebody else's; LonghandError
 */
export async function runPipeline(context: PipelineContext): Promise<void> {
  expectFromBefore(context);
  context.progress.at('initializing');
  const prepared = await inStage(context, 'prepare', () => prepare(context));
  throwIfStopping(context);
  await inStage(context, 'transcribe', () => transcribe(context, prepared));
}

/** The first estimate, before anything was looked at. */
function expectFromBefore({ order, work }: PipelineContext): void {
  const { outlook } = order.known;
  const [likely] = outlook?.speeds ?? [];
  if (outlook) work.share(outlook.load);
  if (likely) work.expect(likely, order.processes);
  if (outlook?.secondsLeft !== undefined) work.ahead(outlook.secondsLeft);
}

async function inStage<T>(context: PipelineContext, name: StageName, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (!context.abort.aborted && isFailure(error)) {
      await context.checkpoint
        .setStage(name, { status: 'error', errorMessage: error.message })
        .catch((second: Error) => {
          context.log('WARNING', name, `The stage could not be marked as failed: ${second.message}`);
        });
    }
    throw error;
  }
}

function isFailure(error: unknown): error is Error {
  return error instanceof Error && !(error instanceof StoppedError) && error.name !== 'LeaseLostError';
}
