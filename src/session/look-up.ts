/** The way to an answer for a command that only looks something up. */
import { existsSync } from 'node:fs';
import type { LookUpClient } from '../api/client.ts';
import { socketPathFor } from '../api/socket-path.ts';
import type { Config } from '../config/schema.ts';
import type { Recovery, StartOwner } from './owner-process.ts';
import { patiently } from './patience.ts';

/** Somebody who answers. */
export interface LookUpSession {
  api: LookUpClient;
  /** Lets go of the data folder, where this process holds it. Idempotent. */
  close(): Promise<void>;
}

/** Becomes the owner of the data folder for as long as it takes to answer; `look-up-owner.ts` makes it. */
export type StartLookUp = (config: Config) => Promise<LookUpSession | 'taken' | 'left behind'>;

export interface LookUpOptions {
  startLookUp: StartLookUp;
  /** For a folder in which a dead owner has left something: an owner that sees to it. */
  startOwner: StartOwner;
  onRecovered(recovered: Recovery[]): void;
}

/**
 * Becomes a client of the owner of the data folder, or its owner for a moment.
 * @throws LonghandError when somebody holds the folder and does not answer; DiskError when the folder cannot be used
 */
export async function openLookUp(config: Config, options: LookUpOptions): Promise<LookUpSession> {
  const { dataDir } = config;
  const find = async () => {
    // Where there is no socket nobody listens, and nothing of what speaks through one is loaded.
    if (!existsSync(socketPathFor(dataDir))) return undefined;
    return await (await import('./session.ts')).findSession(dataDir);
  };
  const become = async (): Promise<LookUpSession | undefined> => {
    const started = await options.startLookUp(config);
    if (started === 'taken') return undefined;
    if (started !== 'left behind') return started;
    const { startOwner, onRecovered } = options;
    return await (await import('./session.ts')).openSession(config, { startOwner, acceptsJobs: false, onRecovered });
  };
  return await patiently(dataDir, { find, become });
}
