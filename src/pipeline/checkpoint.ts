import type { ErrorReport } from '../domain/errors.ts';
import type { StageName, StageStatus } from '../domain/stage.ts';
import type { EngineName } from '../engines/engine.ts';
import type { Word } from '../transcript/transcript.ts';

/**
 * Where a pipeline puts what it has done, and finds what an earlier run of the same job did.
 *
 * The pipeline runs in a process that never opens the database, so each of these is a question to the one that does
 * (`runner/channel.ts`), answered after the commit. Nothing may count on a piece of work before the promise resolves.
 * A promise that rejects with `LeaseLostError` means that the job belongs to somebody else now: stop, touch nothing.
 */
export interface Checkpoint {
  setStage(name: StageName, change: StageChange): Promise<void>;
  /** Facts about the job that are decided once: where they are set already, later runs use them unchanged. */
  setFacts(facts: JobFacts): Promise<void>;
  recordArtifact(artifact: ArtifactRecord): Promise<void>;
  /** Records how the audio was cut, once per job. Chunks without speech are committed empty with it. */
  planChunks(chunks: PlannedChunk[]): Promise<void>;
  /** The chunks not yet committed, in order. */
  pendingChunks(): Promise<PendingChunk[]>;
  /** A page of committed chunks with their words, in order, from chunk number `from`. */
  committedChunks(from: number, limit: number): Promise<CommittedChunk[]>;
  chunkCounts(): Promise<ChunkCounts>;
  commitChunk(chunk: ChunkResult): Promise<void>;
  /** Counts a failed try. @returns how often this chunk has failed by now */
  failChunk(number: number, error: ErrorReport): Promise<number>;
  /** The last word: text and file are there, the job is complete. */
  finish(result: JobResult): Promise<void>;
}

export interface StageChange {
  status: StageStatus;
  /** What later runs need to know of it; plain JSON. */
  output?: unknown;
  errorMessage?: string;
  /** Seconds until it is expected to end. */
  secondsLeft?: number;
}

export interface JobFacts {
  durationSeconds?: number;
  /** Seconds of work that the whole recording is expected to take. */
  estimatedSeconds?: number;
  sourceSha256?: string;
  sourceBytes?: number;
  sourceModifiedMs?: number;
  engine?: EngineName;
  model?: string;
  language?: string;
  /** Engine workers of this run. */
  processes?: number;
  /** Threads of each engine worker of this run. */
  workers?: number;
  /** Program name to version, of what this run works with. */
  versions?: Record<string, string>;
}

export interface ArtifactRecord {
  stage: StageName;
  name: string;
  /** Relative to the job's folder. */
  path: string;
  sha256: string;
  bytes: number;
}

export interface PlannedChunk {
  number: number;
  startSample: number;
  /** Exclusive. */
  endSample: number;
  /** False where nobody speaks: committed empty, handed to no engine. */
  speech: boolean;
}

export interface PendingChunk extends PlannedChunk {
  /** Failed tries so far. */
  attempts: number;
}

export interface CommittedChunk extends PlannedChunk {
  words: Word[];
  engine: string;
  model: string;
}

export interface ChunkCounts {
  total: number;
  committed: number;
  /** Samples of speech in all chunks and in the committed ones: what progress and speed are measured in. */
  speechSamples: number;
  committedSpeechSamples: number;
}

export interface ChunkResult {
  number: number;
  words: Word[];
  engine: string;
  model: string;
  /** Milliseconds the engine worked on it. */
  workMs: number;
  /** Seconds until the stage is expected to end. */
  secondsLeft?: number;
}

export interface JobResult {
  /** The transcript as plain text. */
  text: string;
}

/** The job is no longer this run's: its lease went to somebody else, or the job was cancelled. */
export class LeaseLostError extends Error {
  override name = 'LeaseLostError';
}
