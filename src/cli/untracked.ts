import { randomUUID } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config/schema.ts';
import { makePrivateFolder } from '../files/directory.ts';
import { say } from './output.ts';
import type { Shell } from './shell.ts';

/**
 * Does something in a data folder that exists for as long as it takes: nothing is kept of it. What an earlier one left
 * behind, because it was killed, is ended and removed first.
 */
export async function inPassingFolder<T>(
  shell: Shell,
  config: Config,
  action: (config: Config) => Promise<T>,
): Promise<T> {
  const home = join(config.dataDir, 'untracked');
  makePrivateFolder(home);
  await removeLeftOvers(shell, config, home);
  const dataDir = join(home, randomUUID());
  try {
    return await action(Object.freeze({ ...config, dataDir }));
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function removeLeftOvers(shell: Shell, config: Config, home: string): Promise<void> {
  for (const name of await readdir(home)) {
    const dataDir = join(home, name);
    // Becoming its owner ends what a dead one left; not becoming it means that somebody works in it.
    const owner = await shell.startOwner(Object.freeze({ ...config, dataDir }), { acceptsJobs: false });
    if (!owner) continue;
    await owner.close();
    await rm(dataDir, { recursive: true, force: true });
    say('Removed what an untracked transcription had left behind when it was killed.');
  }
}
