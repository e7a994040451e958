import type { Config } from '../config/schema.ts';
import { reportOf } from '../domain/errors.ts';
import { openPassingFolder } from '../session/passing-folder.ts';
import { say } from './output.ts';
import type { Shell } from './shell.ts';

/** Does something in a data folder that exists for as long as it takes: nothing is kept of it. */
export async function inPassingFolder<T>(
  shell: Shell,
  config: Config,
  action: (config: Config) => Promise<T>,
): Promise<T> {
  const folder = await openPassingFolder(config, { startOwner: shell.startOwner, onLeftOver: tellLeftOver });
  try {
    return await action(folder.config);
  } finally {
    await folder.close();
  }
}

function tellLeftOver(folder: string, error?: unknown): void {
  if (!error) say('Removed what an untracked transcription had left behind when it was killed.');
  else say(`What an untracked transcription left in ${folder} could not be removed: ${reportOf(error).message}`);
}
