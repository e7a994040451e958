import { randomUUID } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config/schema.ts';
import { inDataFolder } from '../files/data-folder.ts';
import { makePrivateFolder } from '../files/directory.ts';
import { own, type Share } from './own.ts';
import type { StartOwner } from './owner-process.ts';

/** Somebody who looks for left-overs may be in a folder for a moment while it is removed. */
const REMOVAL = { recursive: true, force: true, maxRetries: 10, retryDelay: 20 } as const;

/** A data folder that exists for as long as it is used. */
export interface PassingFolder {
  /** The settings, with this folder as the data folder. Sessions in it share the owner that this process is. */
  config: Config;
  /** Closes its owner and removes it with all that is in it. Idempotent. */
  close(): Promise<void>;
}

export interface PassingFolderOptions {
  startOwner: StartOwner;
  /** Called for each folder that somebody who was killed had left; `error` when it could not be removed. */
  onLeftOver(folder: string, error?: unknown): void;
}

/**
 * Makes a data folder that exists for as long as it is used: nothing is kept of it. What earlier ones left behind, because
 * they were killed, is ended and removed first; what of that does not succeed is told and keeps nobody from working.
 * @throws DiskError when the folder cannot be used
 */
export async function openPassingFolder(config: Config, options: PassingFolderOptions): Promise<PassingFolder> {
  const home = homeOf(config);
  for (const name of await readdir(home)) await removeLeftOver(withFolder(config, join(home, name)), options);
  for (;;) {
    const passing = withFolder(config, join(home, randomUUID()));
    // Owned from the first moment, so that nobody takes it for a left-over.
    const share = await own(passing.dataDir, () => options.startOwner(passing, { acceptsJobs: true, passing: true }));
    if (share) return { config: passing, close: () => remove(passing.dataDir, share) };
    // Somebody who looks for left-overs was faster, and removes it.
  }
}

function homeOf({ dataDir }: Config): string {
  const home = join(dataDir, 'untracked');
  inDataFolder(dataDir, () => makePrivateFolder(home));
  return home;
}

async function remove(folder: string, share: Share): Promise<void> {
  try {
    await share.leave();
  } finally {
    await rm(folder, REMOVAL);
  }
}

async function removeLeftOver(config: Config, { startOwner, onLeftOver }: PassingFolderOptions): Promise<void> {
  try {
    // Becoming its owner ends what a dead one left; not becoming it means that somebody works in it.
    const owner = await startOwner(config, { acceptsJobs: false, passing: true });
    if (!owner) return;
    await owner.close();
    await rm(config.dataDir, REMOVAL);
    onLeftOver(config.dataDir);
  } catch (error) {
    onLeftOver(config.dataDir, error);
  }
}

/** The database is in the folder as well, and never the one that is kept. */
function withFolder(config: Config, dataDir: string): Config {
  return Object.freeze({ ...config, dataDir, databaseUrl: undefined });
}
