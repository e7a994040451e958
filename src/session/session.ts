/** The way to the owner of a data folder, for the command line and the library. */
import { ApiClient, OwnerGoneError } from '../api/client.ts';
import { socketPathFor } from '../api/socket-path.ts';
import type { Config } from '../config/schema.ts';
import { isOwnedHere, own } from './own.ts';
import type { OwnerProcess, Recovery, StartOwner } from './owner-process.ts';
import { patiently } from './patience.ts';

/** An owner that lives answers at once, however much it works: the work is done in other processes. */
const ANSWER_MS = 5_000;

/** A way to the owner of the data folder, which may be this process. */
export interface Session {
  api: ApiClient;
  /** Set when this process is the owner. Closing it ends it for everybody in this process who shares it. */
  owner: OwnerProcess | undefined;
  /** Gives the share in the ownership up, if there is one; the last one who does closes the owner. Idempotent. */
  close(): Promise<void>;
}

export interface SessionOptions {
  startOwner: StartOwner;
  /** False for those who only look something up: as the owner they take no jobs. */
  acceptsJobs: boolean;
  /** As the owner it works on all jobs that wait, and not only on those that somebody asks for. */
  takesAll?: boolean;
  /** Called when this process became the owner, with what a dead one had left; it may be nothing. */
  onRecovered?(recovered: Recovery[]): void;
  /** Gives up waiting for an owner that does not answer. */
  signal?: AbortSignal | undefined;
}

/**
 * Becomes the owner of the data folder, shares it with others in this process, or becomes a client of the process that is
 * the owner.
 * @throws LonghandError when somebody holds the folder and does not answer; DiskError when the folder cannot be used;
 * the signal's reason
 */
export async function openSession(config: Config, options: SessionOptions): Promise<Session> {
  const { dataDir } = config;
  const become = async (): Promise<Session | undefined> => {
    const share = await own(dataDir, () => startTelling(config, options));
    return share && { api: new ApiClient(share.owner.socketPath), owner: share.owner, close: share.leave };
  };
  // Nobody restarts what this process itself owns.
  if (isOwnedHere(dataDir)) {
    const shared = await become();
    if (shared) return shared;
  }
  // Asked before all that an owner is made of is loaded: a client needs nothing of it.
  return await patiently(dataDir, { find: () => findSession(dataDir), become }, options.signal);
}

/** A way to the process that is the owner and answers; undefined when there is none. */
export async function findSession(dataDir: string): Promise<Session | undefined> {
  const api = new ApiClient(socketPathFor(dataDir));
  return (await answers(api)) ? { api, owner: undefined, close: async () => undefined } : undefined;
}

async function startTelling(config: Config, options: SessionOptions): Promise<OwnerProcess | undefined> {
  const { acceptsJobs, takesAll = false } = options;
  const owner = await options.startOwner(config, { acceptsJobs, takesAll });
  if (owner) options.onRecovered?.(owner.recovered);
  return owner;
}

async function answers(api: ApiClient): Promise<boolean> {
  try {
    await api.get('/livez', AbortSignal.timeout(ANSWER_MS));
    return true;
  } catch (error) {
    if (!(error instanceof OwnerGoneError) && (error as Error).name !== 'TimeoutError') throw error;
    return false;
  }
}
