import { type ApiClient, OwnerGoneError } from '../api/client.ts';
import type { Config } from '../config/schema.ts';
import { openSession as open, type Session, type SessionOptions } from '../session/session.ts';
import { tellRecovered } from './recovery.ts';
import type { Shell } from './shell.ts';

/**
 * Becomes the owner of the data folder, or a client of the one that is, and tells the user what a dead owner had left.
 * @throws LonghandError when somebody holds the folder and does not answer
 */
export function openSession(
  shell: Shell,
  config: Config,
  more: Pick<SessionOptions, 'acceptsJobs' | 'takesAll' | 'signal'>,
): Promise<Session> {
  return open(config, { ...more, startOwner: shell.startOwner, onRecovered: tellRecovered });
}

/** Asks the owner one thing and is done. For what changes nothing there is `lookUp` (`look-up.ts`). */
export async function ask<T>(shell: Shell, config: Config, question: (api: ApiClient) => Promise<T>): Promise<T> {
  for (;;) {
    const session = await openSession(shell, config, { acceptsJobs: false });
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
