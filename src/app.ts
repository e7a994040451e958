/**
 * The composition root: makes the owner of a data folder from its parts, starts it and ends it. What the parts are made of is
 * in the files `owner-*.ts` beside it, one idea in each; together they alone name implementations.
 */
import { NewsHub } from './api/events.ts';
import { probe } from './audio/probe.ts';
import { SettingsInForce } from './config/in-force.ts';
import type { Config } from './config/schema.ts';
import { type Clock, systemClock } from './domain/clock.ts';
import { reportOf } from './domain/errors.ts';
import { isAtRest } from './domain/job.ts';
import type { StopReason } from './domain/outcome.ts';
import { ModelShelf } from './engines/model-shelf.ts';
import { allEngines } from './engines/registry.ts';
import { writeFileAtomically } from './files/directory.ts';
import { Lengths } from './jobs/lengths.ts';
import { Readiness } from './jobs/readiness.ts';
import type { JobLog } from './logs/job-log.ts';
import { redactor } from './logs/redact.ts';
import { dailyBackups } from './owner-backups.ts';
import { contextOf } from './owner-context.ts';
import { type Hold, holdDataFolder } from './owner-hold.ts';
import { type OnProblem, openServiceLog } from './owner-log.ts';
import { mediaOf } from './owner-media.ts';
import { notificationsOf } from './owner-notifications.ts';
import { openServers } from './owner-servers.ts';
import { engineSettings, secretsOf } from './owner-settings.ts';
import { type OwnerWork, type Trial, workOf } from './owner-work.ts';
import { Service } from './service/service.ts';
import { countWaiting } from './store/queue-outlook.ts';
import type { Store } from './store/store.ts';
import type { Recovered } from './supervisor/orphans.ts';
import { VERSION } from './version.ts';

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
  /** Resolves when it is closed, whoever closed it. */
  closed: Promise<Closed>;
}

/** How an owner came to be closed. */
export interface Closed {
  /** Why it had to close by itself: it lost the database. Not there when it was asked to. */
  lost?: unknown;
}

export interface OwnerOptions extends Trial {
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
  /** For trials: another time of day. */
  clock?: Clock;
}

/**
 * Becomes the owner of the data folder.
 * @returns undefined when another process is
 * @throws DiskError when the folder cannot be used
 */
export async function startOwner(config: Config, options: OwnerOptions): Promise<Owner | undefined> {
  const clock = options.clock ?? systemClock;
  const hold = await holdDataFolder(config, clock);
  if (!hold) return undefined;
  let log: JobLog | undefined;
  try {
    if (options.listens) await (await import('./api/doors/bind.ts')).requireLockedUnlessLocal(hold.store, config.host);
    log = openServiceLog(config, clock);
    return await serve(config, options, hold, log);
  } catch (error) {
    log?.write('ERROR', 'owner', `Could not start: ${reportOf(error).message}`);
    await log?.close();
    await hold.release();
    throw error;
  }
}

async function serve(started: Config, options: OwnerOptions, hold: Hold, log: JobLog): Promise<Owner> {
  const { store } = hold;
  const { acceptsJobs, takesAll = false, listens = false, passing = false } = options;
  const { clock = systemClock, dice = Math.random, freeMemoryBytes } = options;
  const settingsControl = new SettingsInForce(started, {
    write: async (path, text) => void (await writeFileAtomically(path, text)),
    hide: redactor(secretsOf(started)),
    onChange: (names) => {
      log.setLevel(config.logLevel);
      log.write('INFO', 'settings', `Changed: ${names.join(', ')}`);
      // There may be room for one more, or less time to wait.
      work.estimates.forget();
      dispatcher.wake();
    },
  });
  const { config } = settingsControl;
  // A command that looks something up is the owner for a moment; that is not worth a line.
  const comesAndGoes = acceptsJobs ? 'INFO' : 'DEBUG';
  const onProblem: OnProblem = (sentence, level = 'WARNING') => {
    log.write(level, 'owner', sentence);
    options.onWarning(sentence);
  };
  const onError = (error: unknown) => onProblem(reportOf(error).message);
  const hub = new NewsHub();
  const work = workOf(config, { ...options, store, clock, log, hub, takesAll, onProblem });
  const { supervisor, scheduler, dispatcher, rounds } = work;
  const notifications = notificationsOf(config, { store, clock, dice, log, onProblem });
  hub.subscribeToAll((news) => {
    if (news.type === 'state' && isAtRest(news.status)) notifications.wake();
  });
  const backups = dailyBackups(config, store, { log, onError });
  log.write(comesAndGoes, 'owner', `Started: Longhand ${VERSION}, process ${process.pid}`);
  const { recovered } = await rounds.sweep();
  const lengths = lengthsOf(store, clock, work, onProblem);
  const models = new ModelShelf({ cacheDir: config.cacheDir, source: config.modelMirror, clock });
  const media = mediaOf(store, config.dataDir);
  const service = serviceOf(config, options, { store, clock, log, work });
  const context = contextOf(config, work, {
    ...{ store, hub, lengths, models, media, service, acceptsJobs, settingsControl },
    ...{ clock, notifications, onProblem, freeMemoryBytes },
  });
  const servers = await openServers(config, context, { service, work, log, listens });
  rounds.start();
  if (acceptsJobs) scheduler.start();
  if (acceptsJobs && !passing) await notifications.start();
  if (servers.address !== undefined) await service.answersAt(servers.address).catch(onError);
  // What waits from before nobody hands in again.
  if (takesAll) dispatcher.wake();
  if (acceptsJobs && !passing) backups.start();

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
    await servers.closeNetwork();
    service.hasStopped();
    await servers.closeSocket();
    await work.processes.close();
    await store.close();
    log.write(comesAndGoes, 'owner', 'Stopped');
    await log.close();
    await hold.release();
  };
  let closing: Promise<void> | undefined;
  let lost: unknown;
  let tellClosed: (how: Closed) => void;
  const closed = new Promise<Closed>((resolve) => {
    tellClosed = resolve;
  });
  const closeOnce = (why: StopReason = 'shutdown') => {
    closing ??= close(why).finally(() => tellClosed(lost === undefined ? {} : { lost }));
    return closing;
  };
  hold.databaseLock?.watch({
    onProblem,
    onLost: (error) => {
      // Who closes already has no more use for it.
      if (!closing) lost = error;
      onError(error);
      closeOnce().catch(onError);
      // Whoever has the database now takes the jobs over: what is in flight here is worth nothing any more.
      supervisor.stopAll('shutdown', 0);
    },
  });
  return {
    socketPath: servers.socketPath,
    address: servers.address,
    recovered,
    idle: () => work.idle.opened(),
    close: closeOnce,
    hurry: () => supervisor.stopAll('shutdown', 0),
    closed,
  };
}

function lengthsOf(store: Store, clock: Clock, { estimates, tell }: OwnerWork, onProblem: OnProblem): Lengths {
  return new Lengths({
    store,
    clock,
    durationOf: async (path, signal) => (await probe(path, { signal })).durationSeconds,
    workFor: (job, seconds) => estimates.secondsFor(job, seconds),
    onFound: (jobId, seconds) => tell({ type: 'length', jobId, seconds }),
    onProblem,
  });
}

interface ServiceParts {
  store: Store;
  clock: Clock;
  log: JobLog;
  work: OwnerWork;
}

function serviceOf(config: Config, options: OwnerOptions, { store, clock, log, work }: ServiceParts): Service {
  const { dataDir } = config;
  const readiness = new Readiness({
    ...{ store, clock, dataDir, engines: allEngines(), settings: engineSettings(config), wish: config },
    stopping: () => service.isStopping,
    pause: () => work.gate.pause(),
  });
  const service = new Service({
    ...{ command: options.command ?? null, version: VERSION, clock, dataDir, takesJobs: options.acceptsJobs },
    jobs: async () => ({ running: work.supervisor.running.length, waiting: await countWaiting(store) }),
    obstacles: () => readiness.obstacles(),
    note: (level, sentence) => log.write(level, 'service', sentence),
  });
  return service;
}
