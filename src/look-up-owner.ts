/**
 * The owner of a data folder for a command that looks something up where nobody works with it: it holds the locks, like every
 * owner, so that what it reads is true and nobody begins anything meanwhile. But it works on nothing, listens nowhere, and
 * loads nothing that only work needs. Whoever comes meanwhile waits for the moment that it takes.
 */
import type { LookUpClient } from './api/client.ts';
import { DirectClient } from './api/direct-client.ts';
import type { Config } from './config/schema.ts';
import { systemClock } from './domain/clock.ts';
import { estimatesOf } from './owner-estimates.ts';
import { holdDataFolder } from './owner-hold.ts';
import { quietHoursOf } from './owner-settings.ts';
import type { Store } from './store/store.ts';
import { isSomethingLeft } from './supervisor/left-behind.ts';

/** This process as the owner that only answers. */
export interface LookUpOwner {
  api: LookUpClient;
  /** Lets go of the data folder. */
  close(): Promise<void>;
}

/**
 * Becomes the owner of the data folder to look something up.
 * @returns `taken` when another process is the owner; `left behind` when a dead one has left something: before anything is
 * true, somebody who works must become the owner and see to it
 * @throws DiskError when the folder cannot be used
 */
export async function startLookUp(config: Config): Promise<LookUpOwner | 'taken' | 'left behind'> {
  const hold = await holdDataFolder(config, systemClock);
  if (!hold) return 'taken';
  try {
    if (await isSomethingLeft(hold.store)) {
      await hold.release();
      return 'left behind';
    }
    return { api: clientOf(config, hold.store), close: hold.release };
  } catch (error) {
    await hold.release();
    throw error;
  }
}

function clientOf(config: Config, store: Store): DirectClient {
  // Nothing is asked to run here, and nothing does.
  const wanted = () => [];
  return new DirectClient({
    store,
    dataDir: config.dataDir,
    queue: {
      clock: systemClock,
      estimates: estimatesOf(config, store, wanted),
      timeZone: config.timeZone,
      maxConcurrent: config.maxConcurrent,
      quietHours: quietHoursOf(config),
      wanted,
      whyWaiting: () => undefined,
      progressOf: () => undefined,
    },
  });
}
