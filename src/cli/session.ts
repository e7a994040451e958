import { ApiClient, OwnerGoneError } from '../api/client.ts';
import { socketPathFor } from '../api/socket-path.ts';
import type { Config } from '../config/schema.ts';
import { systemClock } from '../domain/clock.ts';
import { LonghandError } from '../domain/errors.ts';
import { say } from './output.ts';
import type { OwnerProcess, Shell } from './shell.ts';

/** Another process may hold the data folder for a moment before it listens, or after it stopped listening. */
const PATIENCE_MS = 15_000;
const PAUSE_MS = 40;
/** An owner that lives answers at once, however much it works: the work is done in other processes. */
const ANSWER_MS = 5_000;

/** A way to the owner of the data folder, which may be this process. */
export interface Session {
  api: ApiClient;
  /** Set when this process is the owner. */
  owner: OwnerProcess | undefined;
  /** Ends the ownership, if it is ours. Idempotent. */
  close(): Promise<void>;
}

/**
 * Becomes the owner of the data folder, or a client of the one that is.
 * @throws LonghandError when somebody holds the folder and does not answer
 */
export async function openSession(
  shell: Shell,
  config: Config,
  { acceptsJobs }: { acceptsJobs: boolean },
): Promise<Session> {
  const deadline = systemClock.now() + PATIENCE_MS;
  for (;;) {
    const owner = await shell.startOwner(config, { acceptsJobs });
    if (owner) {
      tellRecovered(owner);
      return { api: new ApiClient(owner.socketPath), owner, close: () => owner.close() };
    }
    const api = new ApiClient(socketPathFor(config.dataDir));
    try {
      await api.get('/livez', AbortSignal.timeout(ANSWER_MS));
      return { api, owner: undefined, close: async () => undefined };
    } catch (error) {
      if (!(error instanceof OwnerGoneError) && (error as Error).name !== 'TimeoutError') throw error;
    }
    if (systemClock.now() > deadline) {
      throw new LonghandError({
        kind: 'unknown',
        message: `Another process holds the data folder ${config.dataDir} and does not answer.`,
        remedy:
          'It may be stopped (Ctrl-Z): continue it with fg in its terminal, or find it with: ps aux | grep longhand',
      });
    }
    await systemClock.sleep(PAUSE_MS);
  }
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

function tellRecovered({ recovered }: OwnerProcess): void {
  for (const { jobId, killed, status } of recovered) {
    const ended =
      killed.length > 0 ? `, ended ${killed.map(({ pid, command }) => `${command} (${pid})`).join(', ')}` : '';
    say(`Job ${jobId} was left behind by a process that died${ended}; it is ${status} at its checkpoint.`);
  }
}
