/** The composition root: the only file that names implementations. */
import { randomUUID } from 'node:crypto';
import { accessSync, chmodSync, constants } from 'node:fs';
import { arch, availableParallelism, hostname, platform, release } from 'node:os';
import { join } from 'node:path';

import type { ApiContext } from './api/context.ts';
import { NewsHub } from './api/events.ts';
import { liveOf } from './api/live/live.ts';
import { buildServer } from './api/server.ts';
import { listenOn, removeSocket } from './api/socket.ts';
import { probe } from './audio/probe.ts';
import type { Config } from './config/schema.ts';
import { toldSettings } from './config/told.ts';
import { embeddedDispatcher } from './dispatch/embedded.ts';
import { Gate } from './dispatch/gate.ts';
import { type Clock, systemClock } from './domain/clock.ts';
import { reportOf } from './domain/errors.ts';
import { awaitsPerson, isAtRest } from './domain/job.ts';
import type { LogLevel } from './domain/log-level.ts';
import type { StopReason } from './domain/outcome.ts';
import { ModelShelf } from './engines/model-shelf.ts';
import { allEngines } from './engines/registry.ts';
import { inDataFolder } from './files/data-folder.ts';
import { makePrivateFolder, PRIVATE_FOLDER_MODE } from './files/directory.ts';
import { diskSpaceOf } from './files/disk-space.ts';
import { Estimates } from './jobs/estimates.ts';
import { Lengths } from './jobs/lengths.ts';
import { memoryNeedOf, smallerModelFor } from './jobs/memory.ts';
import { Readiness } from './jobs/readiness.ts';
import { Reservations } from './jobs/reservations.ts';
import { Wishes } from './jobs/wishes.ts';
import { JobLog } from './logs/job-log.ts';
import { redactor } from './logs/redact.ts';
import { usableMemoryBytes } from './native/memory.ts';
import { mediaOf } from './owner-media.ts';
import { notificationsOf } from './owner-notifications.ts';
import {
  capacityBytesFor,
  coresFor,
  engineSettings,
  intakeOf,
  patienceFor,
  quietHoursOf,
  runLimits,
  secretsOf,
} from './owner-settings.ts';
import { RUNNER_PROGRAM, SAMPLE_RECORDING } from './package-root.ts';
import { explainedAddress } from './service/errors.ts';
import { Service } from './service/service.ts';
import { DailyBackups } from './store/daily-backups.ts';
import { type DatabaseLock, lockDatabase } from './store/database-lock.ts';
import { JobCounter } from './store/job-counter.ts';
import { openStore } from './store/open.ts';
import { type OwnerLock, tryOwnerLock } from './store/owner-lock.ts';
import { countWaiting } from './store/queue-outlook.ts';
import { forgetOld } from './store/retention.ts';
import type { Store } from './store/store.ts';
import type { Tell } from './supervisor/news.ts';
import type { Recovered } from './supervisor/orphans.ts';
import { ProcessManager } from './supervisor/process-manager.ts';
import { QueueGate } from './supervisor/queue-gate.ts';
import { Rounds } from './supervisor/rounds.ts';
import { Scheduler } from './supervisor/scheduler.ts';
import { StoreRegistry } from './supervisor/store-registry.ts';
import { Supervisor } from './supervisor/supervisor.ts';
import type { Patience } from './supervisor/watch.ts';
import { VERSION } from './version.ts';

/** Longhand's own log, beside those of the jobs. */
const SERVICE_LOG = 'longhand.log';
/** The owner of a data folder: its store, its supervisor, its API. */
export interface Owner {
  socketPath: string;
  /** Where it answers over HTTP, such as `http://127.0.0.1:7420`; undefined when it does not. */
  address: string | undefined;
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
  /** The data folder goes when its owner does, so nothing is backed up. */
  passing?: boolean;
  /** All jobs that wait are worked on, and not only those that somebody asks for. */
  takesAll?: boolean;
  /** It answers over HTTP too, at the address that the settings say. */
  listens?: boolean;
  /** The command that this process is, for those who ask who works with the data folder. */
  command?: string | undefined;
  /** Sentences for whoever started this process: a store that cannot be written, a job that cannot be claimed. */
  onWarning(sentence: string): void;
  /** For trials: another time of day, another runner, less patience with it. */
  clock?: Clock;
  runnerPath?: string;
  dice?: () => number;
  freeMemoryBytes?: () => number;
  patience?: Partial<Patience>;
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
  const { databaseUrl: url } = config;
  const clock = options.clock ?? systemClock;
  let databaseLock: DatabaseLock | undefined;
  let store: Store | undefined;
  let log: JobLog | undefined;
  try {
    if (url !== undefined) databaseLock = await lockDatabase({ url, clock });
    store = await openStore({ file: join(config.dataDir, 'longhand.db'), url, clock });
    if (options.listens) await (await import('./api/doors/bind.ts')).requireLockedUnlessLocal(store, config.host);
    log = openServiceLog(config, clock);
    return await serve(config, options, { store, log }, { folder: lock, database: databaseLock });
  } catch (error) {
    log?.write('ERROR', 'owner', `Could not start: ${reportOf(error).message}`);
    await log?.close();
    await store?.close();
    await databaseLock?.release();
    lock.release();
    throw error;
  }
}

/** What makes this process the only one that works with its data. */
interface Locks {
  folder: OwnerLock;
  /** Set when the database is on a server. */
  database: DatabaseLock | undefined;
}

async function serve(
  config: Config,
  options: OwnerOptions,
  { store, log }: { store: Store; log: JobLog },
  locks: Locks,
): Promise<Owner> {
  const { dataDir } = config;
  const clock = options.clock ?? systemClock;
  const secrets = secretsOf(config);
  // A command that looks something up is the owner for a moment; that is not worth a line.
  const comesAndGoes = options.acceptsJobs ? 'INFO' : 'DEBUG';
  const onProblem = (sentence: string, level: LogLevel = 'WARNING') => {
    log.write(level, 'owner', sentence);
    options.onWarning(sentence);
  };
  const onError = (error: unknown) => onProblem(reportOf(error).message);
  const hub = new NewsHub();
  const settings = engineSettings(config);
  const wishes = new Wishes();
  const idle = new Gate(() => wishes.isEmpty && supervisor.running.length === 0);
  const counter = new JobCounter(store);
  const processes = new ProcessManager({
    logDir: join(dataDir, 'logs'),
    clock,
    registry: new StoreRegistry(store, counter),
    secrets,
    onProblem,
  });
  const tell: Tell = (news) => {
    if (news.type === 'state' && awaitsPerson(news.status, news.pausedBy)) wishes.forget(news.jobId);
    hub.tell(news);
    if (news.type === 'state' && news.status !== 'processing') estimates.forget();
    if (news.type === 'state') idle.check();
  };
  const dice = options.dice ?? Math.random;
  const notifications = notificationsOf(config, { store, clock, dice, log, onProblem });
  hub.subscribeToAll((news) => {
    if (news.type === 'state' && isAtRest(news.status)) notifications.wake();
  });
  const estimates = new Estimates({
    store,
    machine: hostname(),
    cores: availableParallelism(),
    coresPerJob: coresFor(config),
    maxConcurrent: config.maxConcurrent,
    engines: allEngines(),
    wanted: () => (options.takesAll ? undefined : wishes.jobIds),
  });
  const memory = { engines: allEngines(), settings };
  const quietHours = quietHoursOf(config);
  const gate = new QueueGate({ store, clock, quietHours, diskSpace: () => diskSpaceOf(dataDir) });
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
    uploadKeepMs: intakeOf(config).uploadKeepMs,
    secrets,
    wanted: () => (options.takesAll ? undefined : wishes.jobIds),
    next: (running, scope) => scheduler.next(running, scope),
    outlook: (job) => estimates.outlookFor(job),
    coresOf: (job) => estimates.coresOf(job),
    retries: {
      maxRetries: config.maxRetries,
      dice,
      smallerModel: (job) => smallerModelFor(memory, job),
      diskFull: (error) => gate.diskFull(error),
    },
    onPaused: () => scheduler.notePaused(),
    onProblem,
    tell,
  });
  const capacityBytes = capacityBytesFor(config);
  const scheduler = new Scheduler({
    store,
    gate,
    maxConcurrent: config.maxConcurrent,
    capacityBytes,
    freeBytes: options.freeMemoryBytes ?? (() => usableMemoryBytes() - process.memoryUsage.rss()),
    needBytes: (job) => memoryNeedOf(memory, job, { capacityBytes, cores: coresFor(config) }),
    pauseForHours: () => supervisor.stopRunning('quiet hours'),
    wake: () => dispatcher.wake(),
    tell,
    onProblem,
  });
  const reservations = new Reservations({
    maxConcurrent: config.maxConcurrent,
    busy: () => new Set([...wishes.jobIds, ...supervisor.running]).size,
    closedBecause: () => gate.closedBecause(),
  });
  const dispatcher = embeddedDispatcher({
    concurrency: config.maxConcurrent,
    claim: () => supervisor.claim(),
    onError,
  });
  const rounds = new Rounds({
    supervisor,
    processes,
    clock,
    sweepIntervalMs: config.sweepIntervalSeconds * 1000,
    log,
    onRecovered: () => dispatcher.wake(),
  });
  const backups = dailyBackups(config, store, { log, onError });
  log.write(comesAndGoes, 'owner', `Started: Longhand ${VERSION}, process ${process.pid}`);
  const { recovered } = await rounds.sweep();
  const lengths = new Lengths({
    store,
    clock,
    durationOf: async (path, signal) => (await probe(path, { signal })).durationSeconds,
    workFor: (job, seconds) => estimates.secondsFor(job, seconds),
    onFound: (jobId, seconds) => tell({ type: 'length', jobId, seconds }),
    onProblem,
  });
  const models = new ModelShelf({ cacheDir: config.cacheDir, source: config.modelMirror, clock });
  const media = mediaOf(store, dataDir);
  const readiness = new Readiness({
    ...{ store, clock, dataDir, engines: allEngines(), settings, wish: config },
    stopping: () => service.isStopping,
    pause: () => gate.pause(),
  });
  const service = new Service({
    ...{ command: options.command ?? null, version: VERSION, clock, dataDir, takesJobs: options.acceptsJobs },
    jobs: async () => ({ running: supervisor.running.length, waiting: await countWaiting(store) }),
    obstacles: () => readiness.obstacles(),
    note: (level, sentence) => log.write(level, 'service', sentence),
  });
  const context: ApiContext = {
    store,
    lengths,
    hub,
    dataDir,
    intake: intakeOf(config),
    engines: allEngines(),
    settings,
    onLeave: config.onLeave,
    live: { progressWebSocket: config.progressWebSocket, clock, onProblem },
    acceptsJobs: options.acceptsJobs,
    reservePlace: async () => (config.queueEnabled ? () => {} : await reservations.keep()),
    want: (jobId) => {
      wishes.add(jobId);
      dispatcher.wake();
    },
    unwant: (jobId, why, graceMs, by) => {
      // A pause or a cancellation is meant for everybody; somebody who goes away speaks for himself.
      const goesAway = why === 'interrupted' || why === 'shutdown';
      if (goesAway && !wishes.withdraw(jobId)) return false;
      wishes.forget(jobId);
      const stopping = supervisor.stop(jobId, why, graceMs, by);
      idle.check();
      return stopping;
    },
    settled: (jobId) => supervisor.settled(jobId),
    queue: {
      clock,
      estimates,
      timeZone: config.timeZone,
      maxConcurrent: config.maxConcurrent,
      quietHours,
      wanted: () => (options.takesAll ? undefined : wishes.jobIds),
      opensAt: () => gate.opensAt,
      whyWaiting: (jobId) => scheduler.whyWaiting(jobId),
      progressOf: (jobId) => supervisor.progressOf(jobId),
      wake: () => dispatcher.wake(),
      goOn: async () => {
        gate.forget();
        scheduler.notePaused();
        await scheduler.tick();
        dispatcher.wake();
      },
      pauseRunning: () => supervisor.stopRunning('queue paused'),
    },
    models,
    media,
    sampleRecording: SAMPLE_RECORDING,
    memory: () => ({
      freeBytes: (options.freeMemoryBytes ?? usableMemoryBytes)(),
      limitBytes: config.maxMemoryBytes,
    }),
    toldSettings: () => toldSettings(config, redactor(secrets)),
    notifications,
    processStatus: (jobId) => processes.getProcessStatus(jobId),
    health: () => processes.healthCheck(),
    cleanup: () => rounds.both(),
    service,
  };
  const metrics = options.listens
    ? (await import('./metrics/open.ts')).openMetrics({
        ...{ version: VERSION, store, clock, dataDir, hub, processes, counter, estimates },
        pause: () => gate.pause(),
        isReady: async () => (await service.obstacles()).length === 0,
        streams: () => liveOf(context).sseClients,
      })
    : undefined;
  if (metrics) service.metrics = () => metrics.text();
  // The address first: when it cannot be had, nothing else has to be undone.
  const doors = { allowedHosts: config.allowedHosts, onRefusal: (what: string) => log.write('WARNING', 'doors', what) };
  const network = options.listens
    ? await (await import('./api/network.ts')).buildNetworkServer(context, doors)
    : undefined;
  const address = await network?.listen({ host: config.host, port: config.port }).catch(async (error: unknown) => {
    await network.close();
    throw explainedAddress(error, config);
  });
  const server = buildServer(context);
  const socketPath = await listenOn(server, dataDir).catch(async (error: unknown) => {
    await network?.close();
    throw error;
  });
  rounds.start();
  if (options.acceptsJobs) scheduler.start();
  if (options.acceptsJobs && !options.passing) await notifications.start();
  if (address !== undefined) await service.answersAt(address).catch(onError);
  // What waits from before nobody hands in again.
  if (options.takesAll) dispatcher.wake();
  if (options.acceptsJobs && !options.passing) backups.start();

  const close = async (why: StopReason) => {
    service.stops();
    log.write(comesAndGoes, 'owner', `Stopping (${why}): ${supervisor.running.length} jobs in work`);
    const stopped = dispatcher.stop();
    supervisor.stopAll(why);
    await stopped;
    await rounds.stop();
    await lengths.close();
    await scheduler.stop();
    await backups.stop();
    await models.close();
    await media.close();
    await notifications.stop();
    metrics?.close();
    await network?.close();
    service.hasStopped();
    await server.close();
    removeSocket(socketPath, dataDir);
    await processes.close();
    await store.close();
    log.write(comesAndGoes, 'owner', 'Stopped');
    await log.close();
    await locks.database?.release();
    locks.folder.release();
  };
  let closing: Promise<void> | undefined;
  const closeOnce = (why: StopReason = 'shutdown') => {
    closing ??= close(why);
    return closing;
  };
  locks.database?.watch({
    onProblem,
    onLost: (error) => {
      onError(error);
      closeOnce().catch(onError);
      // Whoever has the database now takes the jobs over: what is in flight here is worth nothing any more.
      supervisor.stopAll('shutdown', 0);
    },
  });
  return {
    socketPath,
    address,
    recovered,
    idle: () => idle.opened(),
    close: closeOnce,
    hurry: () => supervisor.stopAll('shutdown', 0),
  };
}

/** A backup a day; what is too old to be kept is deleted once it is in one. */
function dailyBackups(
  { eventDays, usageDays }: Config,
  store: Store,
  { log, onError }: { log: JobLog; onError(error: unknown): void },
): DailyBackups {
  return new DailyBackups(store, {
    onBackup: async (path) => {
      log.write('INFO', 'backup', `Made and verified ${path}`);
      const { events, usageOfRuns } = await forgetOld(store, { eventDays, usageDays });
      if (events + usageOfRuns === 0) return;
      log.write('INFO', 'cleanup', `Forgot ${events} old events and the curves of ${usageOfRuns} runs`);
    },
    onError,
  });
}

function prepareDataFolder(dataDir: string): void {
  inDataFolder(dataDir, () => {
    for (const folder of [dataDir, join(dataDir, 'jobs'), join(dataDir, 'logs')]) {
      makePrivateFolder(folder);
      accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    }
    // What people said is theirs alone, also in a folder that somebody made beforehand.
    chmodSync(dataDir, PRIVATE_FOLDER_MODE);
  });
}

function openServiceLog(config: Config, clock: Clock): JobLog {
  return new JobLog(join(config.dataDir, 'logs', SERVICE_LOG), {
    now: clock.now,
    secrets: secretsOf(config),
    level: config.logLevel,
    limits: { rotateBytes: config.logRotateBytes },
  });
}
