/** All that works on jobs: who may start, who watches over it, and what happens when something gets lost. */
import { randomUUID } from 'node:crypto';
import { arch, platform, release } from 'node:os';
import { join } from 'node:path';
import type { NewsHub } from './api/events.ts';
import type { Config } from './config/schema.ts';
import type { Dispatcher } from './dispatch/dispatcher.ts';
import { embeddedDispatcher } from './dispatch/embedded.ts';
import { Gate } from './dispatch/gate.ts';
import type { Clock } from './domain/clock.ts';
import { reportOf } from './domain/errors.ts';
import { awaitsPerson } from './domain/job.ts';
import type { StopReason } from './domain/outcome.ts';
import { allEngines } from './engines/registry.ts';
import { diskSpaceOf } from './files/disk-space.ts';
import type { Estimates } from './jobs/estimates.ts';
import { memoryNeedOf, smallerModelFor } from './jobs/memory.ts';
import { parametersBySettings } from './jobs/parameters-by-settings.ts';
import { Reservations } from './jobs/reservations.ts';
import { Wishes } from './jobs/wishes.ts';
import type { JobLog } from './logs/job-log.ts';
import { usableMemoryBytes } from './native/memory.ts';
import { estimatesOf } from './owner-estimates.ts';
import type { OnProblem } from './owner-log.ts';
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
import { RUNNER_PROGRAM } from './package-root.ts';
import { JobCounter } from './store/job-counter.ts';
import type { Store } from './store/store.ts';
import type { Tell } from './supervisor/news.ts';
import { ProcessManager } from './supervisor/process-manager.ts';
import { QueueGate } from './supervisor/queue-gate.ts';
import { Rounds } from './supervisor/rounds.ts';
import { Scheduler } from './supervisor/scheduler.ts';
import { StoreRegistry } from './supervisor/store-registry.ts';
import { Supervisor } from './supervisor/supervisor.ts';
import type { Patience } from './supervisor/watch.ts';
import { VERSION } from './version.ts';

/** What a trial may want to be different: another runner, less patience with it. */
export interface Trial {
  runnerPath?: string;
  dice?: () => number;
  freeMemoryBytes?: () => number;
  patience?: Partial<Patience>;
}

export interface WorkParts extends Trial {
  store: Store;
  clock: Clock;
  log: JobLog;
  /** Told of every news of a job. */
  hub: NewsHub;
  /** All jobs that wait are worked on, and not only those that somebody asks for. */
  takesAll: boolean;
  onProblem: OnProblem;
}

/** The parts of an owner that work. Nothing of it has begun. */
export interface OwnerWork {
  wishes: Wishes;
  /** Open while no job that somebody asked for is waiting or in work. */
  idle: Gate;
  counter: JobCounter;
  processes: ProcessManager;
  estimates: Estimates;
  gate: QueueGate;
  supervisor: Supervisor;
  scheduler: Scheduler;
  reservations: Reservations;
  dispatcher: Dispatcher;
  rounds: Rounds;
  tell: Tell;
  /** The jobs that may run; undefined: all that wait. */
  wanted(): readonly number[] | undefined;
  /** This job shall run. */
  want(jobId: number): void;
  /** This job shall not run any more. @returns whether it is being worked on and was asked to stop */
  unwant(jobId: number, why: StopReason, graceMs?: number, by?: string): boolean;
}

export function workOf(config: Config, parts: WorkParts): OwnerWork {
  const { store, clock, log, hub, onProblem, dice = Math.random } = parts;
  // Values of `config` change while this runs: what is to follow them asks for them each time.
  const { dataDir } = config;
  const limits = runLimits(config);
  const secrets = secretsOf(config);
  const settings = engineSettings(config);
  const memory = { engines: allEngines(), settings };
  const capacityBytes = capacityBytesFor(config);
  const wishes = new Wishes();
  const wanted = () => (parts.takesAll ? undefined : wishes.jobIds);
  const idle = new Gate(() => wishes.isEmpty && supervisor.running.length === 0);
  const counter = new JobCounter(store);
  const processes = new ProcessManager({
    logDir: join(dataDir, 'logs'),
    clock,
    registry: new StoreRegistry(store, counter),
    secrets,
    onProblem,
  });
  const estimates = estimatesOf(config, store, wanted);
  const tell: Tell = (news) => {
    if (news.type === 'state' && awaitsPerson(news.status, news.pausedBy)) wishes.forget(news.jobId);
    hub.tell(news);
    if (news.type === 'state' && news.status !== 'processing') estimates.forget();
    if (news.type === 'state') idle.check();
  };
  const gate = new QueueGate({
    store,
    clock,
    get quietHours() {
      return quietHoursOf(config);
    },
    diskSpace: () => diskSpaceOf(dataDir),
  });
  const supervisor = new Supervisor({
    store,
    clock,
    processes,
    node: randomUUID(),
    dataDir,
    runnerPath: parts.runnerPath ?? RUNNER_PROGRAM,
    settings,
    versions: { longhand: VERSION, node: process.versions.node, system: `${platform()} ${release()} ${arch()}` },
    get limits() {
      return { ...limits, timeoutSeconds: config.timeoutSeconds, niceness: config.niceness };
    },
    cores: coresFor(config),
    patience: { ...patienceFor(config), ...parts.patience },
    get orphanPolicy() {
      return config.orphanPolicy;
    },
    get logs() {
      const sizes = { rotateBytes: config.logRotateBytes, outputBytes: config.logOutputBytes };
      return { limits: sizes, days: config.logDays, totalBytes: config.logTotalBytes };
    },
    uploadKeepMs: intakeOf(config).uploadKeepMs,
    secrets,
    wanted,
    next: (running, scope) => scheduler.next(running, scope),
    outlook: (job) => estimates.outlookFor(job),
    coresOf: (job) => estimates.coresOf(job),
    retries: {
      get maxRetries() {
        return config.maxRetries;
      },
      dice,
      smallerModel: (job) => smallerModelFor(memory, job),
      diskFull: (error) => gate.diskFull(error),
    },
    parametersBySettings: (job) =>
      parametersBySettings({ engines: allEngines(), engineSettings: settings, settings: config }, job),
    onPaused: () => scheduler.notePaused(),
    onProblem,
    tell,
  });
  const scheduler = new Scheduler({
    store,
    gate,
    get maxConcurrent() {
      return config.maxConcurrent;
    },
    capacityBytes,
    freeBytes: parts.freeMemoryBytes ?? (() => usableMemoryBytes() - process.memoryUsage.rss()),
    needBytes: (job) => memoryNeedOf(memory, job, { capacityBytes, cores: coresFor(config) }),
    pauseForHours: () => supervisor.stopRunning('quiet hours'),
    wake: () => dispatcher.wake(),
    tell,
    onProblem,
  });
  const reservations = new Reservations({
    get maxConcurrent() {
      return config.maxConcurrent;
    },
    busy: () => new Set([...wishes.jobIds, ...supervisor.running]).size,
    closedBecause: () => gate.closedBecause(),
  });
  const dispatcher = embeddedDispatcher({
    concurrency: () => config.maxConcurrent,
    claim: () => supervisor.claim(),
    onError: (error) => onProblem(reportOf(error).message),
  });
  const rounds = new Rounds({
    supervisor,
    processes,
    clock,
    sweepIntervalMs: config.sweepIntervalSeconds * 1000,
    log,
    onRecovered: () => dispatcher.wake(),
  });
  return {
    ...{ wishes, idle, counter, processes, estimates, gate, supervisor, scheduler, reservations, dispatcher, rounds },
    ...{ tell, wanted },
    want(jobId) {
      wishes.add(jobId);
      dispatcher.wake();
    },
    unwant(jobId, why, graceMs, by) {
      // A pause or a cancellation is meant for everybody; somebody who goes away speaks for himself.
      const goesAway = why === 'interrupted' || why === 'shutdown';
      if (goesAway && !wishes.withdraw(jobId)) return false;
      wishes.forget(jobId);
      const stopping = supervisor.stop(jobId, why, graceMs, by);
      idle.check();
      return stopping;
    },
  };
}
