import type { LookUpClient } from '../api/client.ts';
import { OwnerGoneError } from '../api/owner-gone.ts';
import type { Config } from '../config/schema.ts';
import { openLookUp } from '../session/look-up.ts';
import { tellRecovered } from './recovery.ts';
import type { Shell } from './shell.ts';

/**
 * Looks something up, whoever works with the data folder, and is done. Where nobody does, this process holds it meanwhile,
 * and loads nothing that only work needs.
 * @throws LonghandError when somebody holds the folder and does not answer; whatever the question throws
 */
export async function lookUp<T>(shell: Shell, config: Config, question: (api: LookUpClient) => Promise<T>): Promise<T> {
  const { startLookUp, startOwner } = shell;
  for (;;) {
    const session = await openLookUp(config, { startLookUp, startOwner, onRecovered: tellRecovered });
    try {
      return await question(session.api);
    } catch (error) {
      // It ended between two answers: the next one, or this process, has the same rows.
      if (!(error instanceof OwnerGoneError)) throw error;
    } finally {
      await session.close();
    }
  }
}
