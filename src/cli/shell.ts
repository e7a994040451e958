import type { Config, ConfigInput } from '../config/schema.ts';
import type { Engine, EngineSettings } from '../engines/engine.ts';

/** What commands get from the composition root, each loaded only when a command needs it. */
export interface Shell {
  /** Reads the settings and tells the user of variables that are none. */
  config(flags?: ConfigInput): Promise<Config>;
  startOwner(config: Config, options: { acceptsJobs: boolean }): Promise<OwnerProcess | undefined>;
  engines(): Promise<Engine[]>;
  settings(config: Config): Promise<EngineSettings>;
}

/** This process as the owner of a data folder; `app.ts` makes it. */
export interface OwnerProcess {
  socketPath: string;
  recovered: { jobId: number; killed: { pid: number; command: string }[]; status: string }[];
  idle(): Promise<void>;
  close(why?: 'interrupted' | 'shutdown'): Promise<void>;
  hurry(): void;
}

/** Exit codes of every command. */
export const EXIT = { done: 0, failed: 1, usage: 2, interrupted: 130, terminated: 143 } as const;
