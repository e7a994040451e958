import type { CoreLoad } from '../domain/contention.ts';
import type { LearnedSpeed } from '../domain/estimate.ts';
import type { StageName, StageStatus } from '../domain/stage.ts';
import type { EngineName, EngineSettings } from '../engines/engine.ts';

/** What was asked for when the job was submitted; kept with it, so that every later run does the same. */
export interface JobParameters {
  engine: EngineName;
  /** `auto`, a name or a path. */
  model: string;
  /** `auto`, or BCP 47. */
  language: string;
  /** Engine workers side by side. */
  processes: number;
  /** Threads of each engine worker. */
  workers: number;
  /** Threads for decoding. */
  preprocessWorkers: number;
  /** Seconds; undefined leaves it to the engine. */
  chunkDurationSeconds?: number | undefined;
  overlapSeconds: number;
  /** A fixed allowance for one chunk; undefined measures it. */
  chunkTimeoutSeconds?: number | undefined;
}

/** Everything a runner needs to know. It reads no configuration of its own. */
export interface RunOrder extends JobParameters {
  jobId: number;
  /** Absolute path of the recording; any characters. */
  sourcePath: string;
  /** The job's own folder for files, existing, private. */
  jobDir: string;
  /** A folder for what lives no longer than this run, existing, private, empty. */
  scratchDir: string;
  settings: EngineSettings;
  /** MAX_MEMORY_PER_TRANSCRIPTION. */
  memoryLimitBytes: number;
  /** What to go on with after memory ran out with the model of an earlier run. */
  smallerModel?: string;
  /** Program name to version, as the one who orders knows them. */
  versions: Record<string, string>;
  /** What earlier runs of this job left. */
  known: {
    sourceSha256?: string;
    sourceBytes?: number;
    sourceModifiedMs?: number;
    stages: { name: StageName; status: StageStatus; output: unknown }[];
    artifacts: { name: string; path: string; sha256: string; bytes: number }[];
    /** Per cent that they have reached. */
    progress?: number;
    outlook?: Outlook;
  };
}

/** What is known beforehand about how long a run will take. */
export interface Outlook {
  /** Seconds of speech that are not committed yet; the recording's length before it was cut. Missing when neither is known. */
  secondsLeft?: number;
  /** By model, with the engine, the engine workers and the threads of this order and the machine to itself; the model that is expected first. */
  speeds: readonly (LearnedSpeed & { model: string })[];
  /** The cores, and what else keeps them busy. */
  load: CoreLoad;
}
