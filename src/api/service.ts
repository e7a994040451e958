/** What the routes tell of the process behind them: who it is, whether it can take work, its metrics. */
import { LonghandError } from '../domain/errors.ts';
import type { LogLevel } from '../domain/log-level.ts';
import type { Obstacle } from '../jobs/readiness.ts';

/** What the process that works with a data folder says of itself. */
export interface ServiceFacts {
  /** The command that it is: `serve`, `transcribe`, `watch`, …; null for a program that uses the library. */
  command: string | null;
  version: string;
  /** What is needed to signal exactly this process (`supervisor/identity.ts`). */
  process: { pid: number; startTime: string; bootId: string | null };
  /** ISO 8601. */
  since: string;
  /** Where it answers over HTTP; null when it does not. */
  address: string | null;
  /** False for a command that only looks something up and is about to end. */
  takesJobs: boolean;
  /** Its runners are stopping at their checkpoints; then it ends. */
  stopping: boolean;
  /** Resident memory of the process itself; its runners apart. */
  memoryBytes: number;
  jobs: { running: number; waiting: number };
}

/** What the routes tell of the process behind them. */
export interface ServiceContext {
  facts(): Promise<ServiceFacts>;
  /** What keeps it from taking work; nothing when it is ready. */
  obstacles(): Promise<Obstacle[]>;
  /** Prometheus' text format. */
  metrics(): Promise<string>;
  /** Writes a line into the service's own log. */
  note(level: LogLevel, sentence: string): void;
}

/** What anybody may know of it: no path and no name. */
const IN_SHORT: Record<Obstacle['code'], string> = {
  shutting_down: 'The service is stopping.',
  database_not_writable: 'The database cannot be written.',
  disk_full: 'There is too little space on the disk.',
  no_engine: 'No recogniser can be used.',
};

/** An obstacle as it is told to somebody who has not said who it is. */
export function inShort({ kind, code }: Obstacle): Obstacle {
  return { kind, code, message: IN_SHORT[code] };
}

/** It cannot take work now. */
export class NotReadyError extends LonghandError {
  readonly statusCode = 503;
  readonly code: Obstacle['code'];

  constructor(obstacles: readonly [Obstacle, ...Obstacle[]]) {
    const [{ kind, code }] = obstacles;
    const remedies = obstacles.flatMap(({ remedy }) => remedy ?? []);
    super({
      kind,
      message: obstacles.map(({ message }) => message).join(' '),
      ...(remedies.length > 0 ? { remedy: remedies.join(' ') } : {}),
    });
    this.code = code;
  }
}
