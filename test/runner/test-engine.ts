/** An engine for tests of those who use engines: its workers live in this process and do what the test says. */

import type { AudioSlice, Engine, EngineWorker, WorkerExit } from '../../src/engines/engine.ts';
import type { PendingChunk } from '../../src/pipeline/checkpoint.ts';
import { ChunkAllowance } from '../../src/runner/chunk-allowance.ts';
import type { PoolOrder } from '../../src/runner/engine-pool.ts';
import type { Word } from '../../src/transcript/transcript.ts';

export const RATE_HZ = 16_000;

/** What a worker makes of a slice. The slice of chunk n begins at n seconds. */
export type Hearing = (chunk: number, worker: TestWorker) => Promise<Word[]> | Word[];

/** One worker of a `TestEngine`, open until it is closed or `die` is called. */
export class TestWorker implements EngineWorker {
  readonly pid = undefined;
  readonly exited: Promise<WorkerExit>;
  readonly number: number;
  closed = 0;
  #busy = false;
  #exit: (exit: WorkerExit) => void = () => undefined;
  readonly #engine: TestEngine;

  constructor(number: number, engine: TestEngine) {
    this.number = number;
    this.#engine = engine;
    this.exited = new Promise((resolve) => {
      this.#exit = resolve;
    });
  }

  async transcribe(slice: AudioSlice): Promise<Word[]> {
    if (this.#busy) throw new Error('A worker was given two slices at a time.');
    if (this.closed > 0) throw new Error('A closed worker was given a slice.');
    this.#busy = true;
    try {
      return await this.#engine.hear(slice.startSample / RATE_HZ, this);
    } finally {
      this.#busy = false;
    }
  }

  /** Its process ends by itself. */
  die(): void {
    this.#exit({ code: null, signal: 'SIGSEGV' });
  }

  async close(): Promise<void> {
    this.closed += 1;
    this.die();
  }
}

/** Counts its workers and lets the test decide what they hear, and whether they start. */
export class TestEngine implements Engine {
  readonly name = 'whisper';
  readonly label = 'Test';
  readonly chunkDurationSeconds = 30;
  readonly maxChunkSeconds = 60;
  readonly languages = 'any';
  readonly workers: TestWorker[] = [];
  /** The most that were open at the same time. */
  mostOpen = 0;
  /** Called before a worker starts; it does not when this throws. */
  opening: () => Promise<void> | void = () => undefined;
  readonly hear: Hearing;

  constructor(hear: Hearing = (chunk) => [word(chunk)]) {
    this.hear = hear;
  }

  /** Workers that were opened and never closed. */
  get left(): TestWorker[] {
    return this.workers.filter(({ closed }) => closed === 0);
  }

  seedRealtimeFactor(): number {
    return 1;
  }

  async check() {
    return { available: true, detail: 'here' };
  }

  async resolveModel(name: string) {
    return { name };
  }

  async memoryNeedBytes() {
    return 0;
  }

  async openWorker(): Promise<EngineWorker> {
    await this.opening();
    const worker = new TestWorker(this.workers.length + 1, this);
    this.workers.push(worker);
    this.mostOpen = Math.max(this.mostOpen, this.left.length);
    return worker;
  }
}

/** The word that is spoken in a chunk. */
export function word(chunk: number): Word {
  return { text: `word${chunk}`, startMs: 0, endMs: 500, confidence: 0.9 };
}

/** What a pool told its caller, and the caller's ways to stop it. */
export class Order implements PoolOrder {
  readonly engine: TestEngine;
  readonly worker: PoolOrder['worker'];
  processes = 1;
  readonly audioPath = '/nowhere/audio.raw';
  readonly sampleRateHz = RATE_HZ;
  readonly chunks: PendingChunk[];
  allowance = new ChunkAllowance(RATE_HZ, 1);
  readonly draining = new AbortController();
  readonly aborting = new AbortController();
  readonly drain = this.draining.signal;
  readonly abort = this.aborting.signal;
  readonly begun: number[] = [];
  readonly committed: { chunk: number; words: string[] }[] = [];
  readonly failed: { chunk: number; message: string }[] = [];
  readonly lines: string[] = [];

  constructor(engine: TestEngine, chunks: number, more: { processes?: number; chunkTimeoutSeconds?: number } = {}) {
    this.engine = engine;
    this.processes = more.processes ?? 1;
    if (more.chunkTimeoutSeconds) this.allowance = new ChunkAllowance(RATE_HZ, 1, more.chunkTimeoutSeconds);
    this.chunks = Array.from({ length: chunks }, (_, number) => ({
      number,
      startSample: number * RATE_HZ,
      endSample: (number + 1) * RATE_HZ,
      speech: true,
      attempts: 0,
    }));
    this.worker = {
      settings: { cacheDir: '/nowhere' },
      model: { name: 'base' },
      language: 'en',
      threads: 1,
      scratchDir: '/nowhere',
      onLine: this.onLine,
    };
  }

  /** The numbers of the committed chunks, in the order of the recording. */
  get done(): number[] {
    return this.committed.map(({ chunk }) => chunk).sort((a, b) => a - b);
  }

  now = (): number => 0;
  onLine = (line: string): void => void this.lines.push(line);
  onChunk = ({ number }: PendingChunk): void => void this.begun.push(number);

  commit = async ({ number }: PendingChunk, words: Word[]): Promise<void> => {
    this.committed.push({ chunk: number, words: words.map(({ text }) => text) });
  };

  fail = async ({ number }: PendingChunk, { message }: { message: string }): Promise<number> => {
    this.failed.push({ chunk: number, message });
    return this.failed.filter(({ chunk }) => chunk === number).length;
  };
}

/** A promise and the way to keep it. */
export function signal<T = void>(): { promise: Promise<T>; give(value: T): void } {
  let give: (value: T) => void = () => undefined;
  const promise = new Promise<T>((resolve) => {
    give = resolve;
  });
  return { promise, give };
}
