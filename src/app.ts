/** The composition root: the only file that names implementations. */
import { randomUUID } from 'node:crypto';
import { accessSync, chmodSync, constants } from 'node:fs';
import { join } from 'node:path';

import { NewsHub } from './api/events.ts';
import { buildServer } from './api/server.ts';
import { listenOn, removeSocket } from './api/socket.ts';
import type { Config } from './config/schema.ts';
import { embeddedDispatcher } from './dispatch/embedded.ts';
import { systemClock } from './domain/clock.ts';
import { DiskError, reportOf } from './domain/errors.ts';
import { isAtRest } from './domain/job.ts';
import type { StopReason } from './domain/outcome.ts';
import type { EngineSettings } from './engines/engine.ts';
import { allEngines } from './engines/registry.ts';
import { makePrivateFolder, PRIVATE_FOLDER_MODE } from './files/directory.ts';
import { RUNNER_PROGRAM } from './package-root.ts';
import { openStore } from './store/open.ts';
import { type OwnerLock, tryOwnerLock } from './store/owner-lock.ts';
import type { Store } from './store/store.ts';
import { type Recovered, recoverRuns } from './supervisor/orphans.ts';
import { Supervisor } from './supervisor/supervisor.ts';

/** The owner of a data folder: its store, its supervisor, its API. */
export interface Owner {
  socketPath: string;
  /** What a dead owner had left. */
  recovered: Recovered[];
  /** Resolves when no job that it was asked to run is waiting or in work. */
  idle(): Promise<void>;
  /** Stops every run at its checkpoint and closes everything. Idempotent. */
  close(why?: StopReason): Promise<void>;
  /** Ends what `close` is still waiting for, at once. */
  hurry(): void;
}

export interface OwnerOptions {
  /** Whether jobs may be handed in: false for commands that only look something up. */
  acceptsJobs: boolean;
  /** Sentences for whoever started this process: a store that cannot be written, a job that cannot be claimed. */
  onWarning(sentence: string): void;
}

/** The part of the configuration that engines need. */
export function engineSettings({ cacheDir, openaiUrl, openaiKey }: Config): EngineSettings {
  return { cacheDir, ...(openaiUrl ? { openaiUrl } : {}), ...(openaiKey ? { openaiKey } : {}) };
}

/**
 * Becomes the owner of the data folder.
 * @returns undefined when another process is
 * @throws DiskError when the folder cannot be used
 */
export async function startOwner(config: Config, options: OwnerOptions): Promise<Owner | undefined> {
  prepareDataFolder(config.dataDir);
  const lock = tryOwnerLock(join(config.dataDir, 'owner.lock'));
  if (!lock) return undefined;
  let store: Store | undefined;
  try {
    store = await openStore({ file: join(config.dataDir, 'longhand.db'), clock: systemClock });
    return await serve(config, options, store, lock);
  } catch (error) {
    await store?.close();
    lock.release();
    throw error;
  }
}

async function serve(config: Config, options: OwnerOptions, store: Store, lock: OwnerLock): Promise<Owner> {
  const { dataDir } = config;
  const recovered = await recoverRuns(store, systemClock, dataDir);
  const hub = new NewsHub();
  const settings = engineSettings(config);
  const onError = (error: unknown) => options.onWarning(reportOf(error).message);
  const wanted = new Set<number>();
  const idle = new Gate(() => wanted.size === 0 && supervisor.running.length === 0);
  const supervisor = new Supervisor({
    store,
    clock: systemClock,
    node: randomUUID(),
    dataDir,
    runnerPath: RUNNER_PROGRAM,
    settings,
    wanted,
    onError,
    tell: (news) => {
      if (news.type === 'state' && isAtRest(news.status)) wanted.delete(news.jobId);
      hub.tell(news);
      if (news.type === 'state') idle.check();
    },
  });
  const dispatcher = embeddedDispatcher({
    concurrency: config.maxConcurrent,
    claim: () => supervisor.claim(),
    onError,
  });
  const server = buildServer({
    store,
    hub,
    dataDir,
    engines: allEngines(),
    settings,
    acceptsJobs: options.acceptsJobs,
    want: (jobId) => {
      wanted.add(jobId);
      dispatcher.wake();
    },
    unwant: (jobId, why) => {
      wanted.delete(jobId);
      const stopping = supervisor.stop(jobId, why);
      idle.check();
      return stopping;
    },
  });
  const socketPath = await listenOn(server, dataDir);

  const close = async (why: StopReason) => {
    const stopped = dispatcher.stop();
    supervisor.stopAll(why);
    await stopped;
    await server.close();
    removeSocket(socketPath, dataDir);
    await store.close();
    lock.release();
  };
  let closing: Promise<void> | undefined;
  return {
    socketPath,
    recovered,
    idle: () => idle.opened(),
    close: (why = 'shutdown') => {
      closing ??= close(why);
      return closing;
    },
    hurry: () => supervisor.stopAll('shutdown', 0),
  };
}

function prepareDataFolder(dataDir: string): void {
  try {
    for (const folder of [dataDir, join(dataDir, 'jobs'), join(dataDir, 'logs')]) {
      makePrivateFolder(folder);
      accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    }
    // What people said is theirs alone, also in a folder that somebody made beforehand.
    chmodSync(dataDir, PRIVATE_FOLDER_MODE);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new DiskError(
      `The data folder ${dataDir} cannot be used (${code}).`,
      'Make it writable, or choose another one with LONGHAND_DATA.',
    );
  }
}

/** Lets those through who wait, once a condition holds. */
class Gate {
  readonly #isOpen: () => boolean;
  #waiting: (() => void)[] = [];

  constructor(isOpen: () => boolean) {
    this.#isOpen = isOpen;
  }

  check(): void {
    if (!this.#isOpen()) return;
    for (const letThrough of this.#waiting.splice(0)) letThrough();
  }

  opened(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.check();
    });
  }
}
