import type { Config } from '../config/schema.ts';

/** This process as the owner of a data folder; `app.ts` makes it. */
export interface OwnerProcess {
  socketPath: string;
  /** Where it answers over HTTP, such as `http://127.0.0.1:7420`; undefined when it does not. */
  address: string | undefined;
  /** What a dead owner had left. */
  recovered: Recovery[];
  /** Resolves when no job that it was asked to run is waiting or in work. */
  idle(): Promise<void>;
  /** Stops every run at its checkpoint and closes everything. Idempotent. */
  close(why?: 'interrupted' | 'shutdown'): Promise<void>;
  /** Ends what `close` is still waiting for, at once. */
  hurry(): void;
  /** Resolves when it is closed, whoever closed it; `lost` says why when it had to close by itself. */
  closed: Promise<{ lost?: unknown }>;
}

/** A job that a dead owner had left, and what was done about it. */
export interface Recovery {
  jobId: number;
  killed: { pid: number; command: string }[];
  status: 'pending' | 'failed';
}

/** Becomes the owner of the data folder. @returns undefined when somebody else is */
export type StartOwner = (
  config: Config,
  options: { acceptsJobs: boolean; passing?: boolean; takesAll?: boolean; listens?: boolean },
) => Promise<OwnerProcess | undefined>;
