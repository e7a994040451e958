import type { SoundQuality } from '../domain/model-choice.ts';
import type { Word } from '../transcript/transcript.ts';

/**
 * The seam between Longhand and a speech recogniser.
 *
 * An engine opens engine workers: native processes (or, for a remote engine, connections) that hold the model and turn
 * one slice of audio into words at a time. All waiting, retrying, counting and committing is done by those who call
 * it (`runner/engine-pool.ts`); an engine says honestly whether a slice worked. Two rules hold for all of them:
 * a slice's words do not depend on what the worker decoded before, and a worker can be killed at any moment and
 * leaves nothing behind.
 */
export interface Engine {
  readonly name: EngineName;
  /** As it stands in messages: 'Preparing Whisper model...'. */
  readonly label: string;
  /** What chunks are cut near to when the user says nothing, in seconds. */
  readonly chunkDurationSeconds: number;
  /** The longest slice this engine takes, in seconds. */
  readonly maxChunkSeconds: number;
  /** Languages it can be asked for (`en`, `th`, …), or 'any'. `auto` is legal only when `detectLanguage` exists. */
  readonly languages: readonly string[] | 'any';
  /**
   * Seconds of work for a second of audio before anything was measured, by model name.
   * @param processes engine workers side by side; 1 by default. It matters where each of them works on one core
   */
  seedRealtimeFactor(model: string, processes?: number): number;
  /** Cores that a worker with so many threads keeps busy; as many when this is not given. */
  coresOf?(threads: number): number;
  /** Whether it can work here now, without side effects. Cheap enough for `longhand doctor`. */
  check(settings: EngineSettings): Promise<EngineCheck>;
  /**
   * Turns what the user asked for (`auto`, a name, a path) into the model that will be used. An engine that can
   * `chooseModel` leaves `auto` as it is: its model is named so until the recording is known.
   * @throws ModelError when it is not installed or damaged, or `auto` has nothing to choose from; the remedy names the
   *   command that installs it.
   */
  resolveModel(requested: string, settings: EngineSettings, language?: string): Promise<ResolvedModel>;
  /** The names of the models that can be used now. Only for engines that have their models on this machine. */
  installedModels?(settings: EngineSettings): Promise<string[]>;
  /**
   * Which model `auto` means for a recording, and how many workers may hold it at the same time. Only for engines with
   * several models.
   * @throws ModelError when none can be used; LonghandError of the kind `memory` when none fits.
   */
  chooseModel?(recording: RecordingFacts, settings: EngineSettings): Promise<ChosenModel>;
  /** The model to take after one that ran out of memory, or why there is none. Only for engines with several models. */
  smallerModel?(
    current: { model: string; language: string },
    settings: EngineSettings,
  ): Promise<{ model: string } | { problem: string }>;
  /**
   * Memory that all processes of a job need together, the runner included. For `auto` it is the least that could do the
   * job, since the choice keeps to what is free. A model that is not there needs no more than the runner that says so.
   * @param need.model `auto`, a name or a path
   */
  memoryNeedBytes(need: { model: string; processes: number }, settings: EngineSettings): Promise<number>;
  /** The language spoken in a slice, as BCP 47. Only for engines that can tell. */
  detectLanguage?(slice: AudioSlice, options: WorkerOptions): Promise<string>;
  /** Starts a worker. Resolves when it is ready for its first slice. */
  openWorker(options: WorkerOptions): Promise<EngineWorker>;
}

export const ENGINE_NAMES = ['whisper', 'pocketsphinx', 'openai'] as const;
export type EngineName = (typeof ENGINE_NAMES)[number];

/** The part of the configuration that engines need. */
export interface EngineSettings {
  /** Where models and built engines live, shared by all data folders. */
  cacheDir: string;
  /** Base URL of an OpenAI-compatible server, ending before `/audio/transcriptions`, e.g. `http://127.0.0.1:8000/v1`. */
  openaiUrl?: string;
  openaiKey?: string;
}

export interface EngineCheck {
  available: boolean;
  /** What was found: 'pocketsphinx_batch 0.8 at /usr/bin/pocketsphinx_batch'. */
  detail: string;
  /** What to do when it is not available. */
  remedy?: string;
}

/** What a model is chosen by. */
export interface RecordingFacts {
  durationSeconds: number;
  /** Undefined when it was not measured. */
  quality: SoundQuality | undefined;
  /** BCP 47, or `auto`. */
  language: string;
  /** Engine workers side by side, as wished for. */
  processes: number;
  /** Memory that the job can have, measured now. */
  freeBytes: number;
  /** MAX_MEMORY_PER_TRANSCRIPTION. */
  limitBytes: number;
}

export interface ChosenModel {
  model: ResolvedModel;
  /** At most as many as wished for. */
  processes: number;
}

export interface ResolvedModel {
  /** 'base', 'en-us', or a file's name. */
  name: string;
  /** The file or folder, where there is one. */
  path?: string;
  /** Why this one was chosen, when the request was `auto`. */
  reason?: string;
}

/** A range of decoded audio: a raw file of signed 16-bit little-endian mono samples at 16 kHz. */
export interface AudioSlice {
  /** Absolute path of the raw file; may hold any character. */
  audioPath: string;
  startSample: number;
  /** Exclusive. */
  endSample: number;
}

export interface WorkerOptions {
  settings: EngineSettings;
  model: ResolvedModel;
  /** Never `auto` here: it has been decided. */
  language: string;
  /** Threads of this worker. */
  threads: number;
  /** An existing private folder for the worker's FIFOs and scratch files; the worker makes its own folder in it. */
  scratchDir: string;
  /** Receives the engine's own output, line by line, for the job's log. */
  onLine(line: string): void;
}

export interface EngineWorker {
  /** The native process, where there is one. */
  readonly pid: number | undefined;
  /** Settles when the process has ended, however it ended. Never rejects. */
  readonly exited: Promise<WorkerExit>;
  /**
   * The words of one slice, times relative to the slice's start. One at a time.
   * @throws EngineError when the worker died, or its answer is not a valid one (never an empty guess).
   */
  transcribe(slice: AudioSlice): Promise<Word[]>;
  /** Ends the process at once, waits until it is gone and removes what it left. Idempotent. */
  close(): Promise<void>;
}

export interface WorkerExit {
  code: number | null;
  signal: string | null;
}
