import { type ApiClient, OwnerGoneError } from '../api/client.ts';
import type { Config } from '../config/schema.ts';
import type { Recovery } from '../session/owner-process.ts';
import { openSession as open, type Session, type SessionOptions } from '../session/session.ts';
import { say } from './output.ts';
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

/** Asks the owner one thing and is done. */
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

function tellRecovered(recovered: Recovery[]): void {
  for (const recovery of recovered) say(recoverySentence(recovery));
}

/** What became of a job whose owner had died. */
export function recoverySentence({ jobId, killed, status }: Recovery): string {
  const processes = killed.map(({ pid, command }) => `${command} (${pid})`).join(', ');
  const found = `Job ${jobId} was left behind by a process that died${processes && `, ended ${processes}`}`;
  switch (status) {
    case 'pending':
      return `${found}; it is pending at its checkpoint.`;
    case 'failed':
      return `${found}; it has failed, and what was done is kept. Why: longhand show ${jobId}`;
  }
}
