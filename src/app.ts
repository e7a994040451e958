/** The composition root: the only file that names implementations. */
import { randomUUID } from 'node:crypto';
import { accessSync, chmodSync, constants } from 'node:fs';
import { arch, availableParallelism, platform, release } from 'node:os';
import { join } from 'node:path';

import { NewsHub } from './api/events.ts';
import { buildServer } from './api/server.ts';
import { listenOn, removeSocket } from './api/socket.ts';
import type { Config } from './config/schema.ts';
import { embeddedDispatcher } from './dispatch/embedded.ts';
import { type Clock, systemClock } from './domain/clock.ts';
import { DiskError, reportOf } from './domain/errors.ts';
import { isAtRest } from './domain/job.ts';
import type { StopReason } from './domain/outcome.ts';
import type { EngineSettings } from './engines/engine.ts';
import { allEngines } from './engines/registry.ts';
import { makePrivateFolder, PRIVATE_FOLDER_MODE } from './files/directory.ts';
import { Wishes } from './jobs/wishes.ts';
import { JobLog } from './logs/job-log.ts';
import { RUNNER_PROGRAM } from './package-root.ts';
import { LONGEST_ALLOWANCE_MS } from './runner/chunk-allowance.ts';
import { HEARTBEAT_INTERVAL_MS } from './runner/protocol.ts';
import { openStore } from './store/open.ts';
import { type OwnerLock, tryOwnerLock } from './store/owner-lock.ts';
import type { Store } from './store/store.ts';
import type { Recovered } from './supervisor/orphans.ts';
import { ProcessManager } from './supervisor/process-manager.ts';
import { Rounds } from './supervisor/rounds.ts';
import type { RunLimits } from './supervisor/run.ts';
import { StoreRegistry } from './supervisor/store-registry.ts';
import { Supervisor } from './supervisor/supervisor.ts';
import type { Patience } from './supervisor/watch.ts';
import { VERSION } from './version.ts';

/** Longhand's own log, beside those of the jobs. */
const SERVICE_LOG = 'longhand.log';
/** This many heartbeats in a row missed: the runner's process hangs. */
const MISSED_HEARTBEATS = 6;
const PROGRESS_MARGIN_MS = 60_000;

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
  /** For trials: another time of day, another runner, less patience with it. */
  clock?: Clock;
  runnerPath?: string;
  patience?: Partial<Patience>;
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
    store = await openStore({ file: join(config.dataDir, 'longhand.db'), clock: options.clock ?? systemClock });
    return await serve(config, options, store, lock);
  } catch (error) {
    await store?.close();
    lock.release();
    throw error;
  }
}

async function serve(config: Config, options: OwnerOptions, store: Store, lock: OwnerLock): Promise<Owner> {
  const { dataDir } = config;
  const clock = options.clock ?? systemClock;
  const secrets = secretsOf(config);
  const log = new JobLog(join(dataDir, 'logs', SERVICE_LOG), {
    now: clock.now,
    secrets,
    level: config.logLevel,
    limits: { rotateBytes: config.logRotateBytes },
  });
  const onProblem = (sentence: string) => {
    log.write('WARNING', 'owner', sentence);
    options.onWarning(sentence);
  };
  const onError = (error: unknown) => onProblem(reportOf(error).message);
  const hub = new NewsHub();
  const settings = engineSettings(config);
  const wishes = new Wishes();
  const idle = new Gate(() => wishes.isEmpty && supervisor.running.length === 0);
  const processes = new ProcessManager({
    logDir: join(dataDir, 'logs'),
    clock,
    registry: new StoreRegistry(store),
    secrets,
    onProblem,
  });
  const supervisor = new Supervisor({
    store,
    clock,
    processes,
    node: randomUUID(),
    dataDir,
    runnerPath: options.runnerPath ?? RUNNER_PROGRAM,
    settings,
    versions: { longhand: VERSION, node: process.versions.node, system: `${platform()} ${release()} ${arch()}` },
    limits: runLimits(config),
    cores: coresFor(config),
    patience: { ...patienceFor(config), ...options.patience },
    orphanPolicy: config.orphanPolicy,
    logs: {
      limits: { rotateBytes: config.logRotateBytes, outputBytes: config.logOutputBytes },
      days: config.logDays,
      totalBytes: config.logTotalBytes,
    },
    secrets,
    wanted: () => wishes.jobIds,
    onProblem,
    tell: (news) => {
      if (news.type === 'state' && isAtRest(news.status)) wishes.forget(news.jobId);
      hub.tell(news);
      if (news.type === 'state') idle.check();
    },
  });
  const dispatcher = embeddedDispatcher({
    concurrency: config.maxConcurrent,
    claim: () => supervisor.claim(),
    onError,
  });
  const rounds = new Rounds({
    supervisor,
    sweepIntervalMs: config.sweepIntervalSeconds * 1000,
    log,
    onRecovered: () => dispatcher.wake(),
  });
  log.write('INFO', 'owner', `Started: Longhand ${VERSION}, process ${process.pid}`);
  const { recovered } = await rounds.sweep();
  const server = buildServer({
    store,
    hub,
    dataDir,
    engines: allEngines(),
    settings,
    acceptsJobs: options.acceptsJobs,
    want: (jobId) => {
      wishes.add(jobId);
      dispatcher.wake();
    },
    unwant: (jobId, why, graceMs) => {
      // A pause or a cancellation is meant for everybody; somebody who goes away speaks for himself.
      const goesAway = why === 'interrupted' || why === 'shutdown';
      if (goesAway && !wishes.withdraw(jobId)) return false;
      wishes.forget(jobId);
      const stopping = supervisor.stop(jobId, why, graceMs);
      idle.check();
      return stopping;
    },
    processStatus: (jobId) => processes.getProcessStatus(jobId),
    health: () => processes.healthCheck(),
    cleanup: () => rounds.both(),
  });
  const socketPath = await listenOn(server, dataDir);
  rounds.start();

  const close = async (why: StopReason) => {
    log.write('INFO', 'owner', `Stopping (${why}): ${supervisor.running.length} jobs in work`);
    const stopped = dispatcher.stop();
    supervisor.stopAll(why);
    await stopped;
    await rounds.stop();
    await server.close();
    removeSocket(socketPath, dataDir);
    await processes.close();
    await store.close();
    log.write('INFO', 'owner', 'Stopped');
    await log.close();
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

function runLimits({ timeoutSeconds, maxMemoryBytes, cpuLimit, niceness }: Config): RunLimits {
  const cores = availableParallelism();
  return { timeoutSeconds, memoryBytes: maxMemoryBytes, cpuCores: cpuLimit < cores ? cpuLimit : undefined, niceness };
}

/** Threads beyond the limit would only be held back. */
function coresFor({ cpuLimit }: Config): number {
  return Math.max(1, Math.min(availableParallelism(), Math.floor(cpuLimit)));
}

function patienceFor({ chunkTimeoutSeconds }: Config): Patience {
  return {
    heartbeatMs: HEARTBEAT_INTERVAL_MS,
    missedHeartbeats: MISSED_HEARTBEATS,
    // The runner resets a hung engine worker itself; this is for the runner that cannot.
    progressMs: Math.max(LONGEST_ALLOWANCE_MS, (chunkTimeoutSeconds ?? 0) * 1000) + PROGRESS_MARGIN_MS,
  };
}

/** What must not be in any log: keys, and addresses, because they may hold a password. */
function secretsOf({ openaiKey, openaiUrl, modelMirror }: Config): string[] {
  return [openaiKey, ...[openaiUrl, modelMirror].map(passwordIn)].filter(
    (secret) => secret !== undefined && secret !== '',
  ) as string[];
}

function passwordIn(url: string | undefined): string | undefined {
  return url === undefined ? undefined : decodeURIComponent(new URL(url).password);
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
