import type { StageName, StageStatus } from '../domain/stage.ts';
import type { EngineName, EngineSettings } from '../engines/engine.ts';

/** Everything a runner needs to know. It reads no configuration of its own. */
export interface RunOrder {
  jobId: number;
  /** Absolute path of the recording; any characters. */
  sourcePath: string;
  /** The job's own folder for files, existing, private. */
  jobDir: string;
  /** A folder for what lives no longer than this run, existing, private, empty. */
  scratchDir: string;
  engine: EngineName;
  /** As submitted: `auto`, a name or a path; or as an earlier run resolved it. */
  model: string;
  /** As submitted, or as an earlier run decided it. */
  language: string;
  /** Engine workers side by side. */
  processes: number;
  /** Threads of each engine worker. */
  workers: number;
  /** Threads for decoding. */
  preprocessWorkers: number;
  /** Seconds; undefined leaves it to the engine. */
  chunkDurationSeconds?: number;
  overlapSeconds: number;
  /** A fixed allowance for one chunk; undefined measures it. */
  chunkTimeoutSeconds?: number;
  settings: EngineSettings;
  /** What earlier runs of this job left. */
  known: {
    sourceSha256?: string;
    sourceBytes?: number;
    sourceModifiedMs?: number;
    stages: { name: StageName; status: StageStatus; output: unknown }[];
    artifacts: { name: string; path: string; sha256: string; bytes: number }[];
  };
}
