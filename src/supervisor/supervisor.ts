/** Runs jobs of one owner: claims them, supervises each run, settles what became of it, and looks for what got lost. */
import { hostname } from 'node:os';
import type { Work } from '../dispatch/dispatcher.ts';
import type { Clock } from '../domain/clock.ts';
import { reportOf } from '../domain/errors.ts';
import type { LogLevel } from '../domain/log-level.ts';
import { endsByItself, type RunOutcome, type StopReason } from '../domain/outcome.ts';
import { naming } from '../domain/remedies.ts';
import type { EngineSettings } from '../engines/engine.ts';
import { newLease } from '../lease/lease.ts';
import { DEFAULT_LOG_LIMITS, JobLog, type JobLogOptions } from '../logs/job-log.ts';
import { redactor } from '../logs/redact.ts';
import { lastLines } from '../logs/tail.ts';
import type { Outlook } from '../pipeline/order.ts';
import type { ProgressReport } from '../pipeline/progress.ts';
import { getJob } from '../store/jobs.ts';
import { type Claimed, claimNext } from '../store/queue.ts';
import type { JobRow } from '../store/schema.ts';
import type { Store } from '../store/store.ts';
import { queueJob, unqueuedJobs } from '../store/unqueued.ts';
import { type Cleaned, keepHouse } from './housekeeping.ts';
import { dropAudio, jobFolder, logPath, prepareJobFolder, removeScratch } from './job-files.ts';
import { Mutex } from './mutex.ts';
import type { Tell } from './news.ts';
import { removeOldUploads } from './old-uploads.ts';
import { type SweepReport, sweepOrphans } from './orphans.ts';
import { type ParametersOptions, parametersOf } from './parameters.ts';
import { persist } from './persist.ts';
import type { ProcessManager } from './process-manager.ts';
import { Run, type RunLimits, type RunResult } from './run.ts';
import { runOrderFor } from './run-order.ts';
import type { Choice, Scheduler } from './scheduler.ts';
import { type RetryRules, settle } from './settle.ts';
import type { Patience } from './watch.ts';

/** Lines of the log that are kept with a run that failed or crashed. */
const EVIDENCE_LINES = 200;

const UNQUEUED = 'Put into the queue, where it was missing: another program made it wait';

export interface SupervisorOptions {
  store: Store;
  clock: Clock;
  processes: ProcessManager;
  /** This owner; new with each start. */
  node: string;
  dataDir: string;
  runnerPath: string;
  settings: EngineSettings;
  /** Program name to version, kept with each run. */
  versions: Record<string, string>;
  limits: RunLimits;
  /** Cores that a job may use. */
  cores: number;
  patience: Patience;
  orphanPolicy: 'resume' | 'fail';
  logs: { limits: NonNullable<JobLogOptions['limits']>; days: number; totalBytes: number };
  /** How long an upload is kept that no job was made of. */
  uploadKeepMs: number;
  /** What must not be in any log. */
  secrets: readonly string[];
  tell: Tell;
  /** The jobs that may run; undefined: all that wait. */
  wanted(): readonly number[] | undefined;
  /** Which job may start beside those that run: `Scheduler`. */
  next: Scheduler['next'];
  retries: RetryRules;
  /** With what a job is worked on whose row does not say it. */
  parametersBySettings: ParametersOptions['bySettings'];
  /** What was learned from earlier runs about how long the next one of a job will take. */
  outlook?(job: JobRow): Promise<Outlook>;
  /** Cores that a job keeps busy. */
  coresOf?(job: JobRow): number;
  /** A job was paused that goes on by itself. */
  onPaused(): void;
  /** Something failed that the supervisor survives. */
  onProblem(sentence: string, level?: LogLevel): void;
}

interface Stop {
  why: StopReason;
  graceMs?: number | undefined;
  /** Who wants it, where that is somebody by name. */
  by?: string | undefined;
}

/** A job in work: its run, once it was started, and the wish to stop it, which may come first. */
interface Active {
  job: JobRow;
  /** Memory that all its processes need. */
  needBytes: number;
  run?: Run;
  stop?: Stop;
  /** The last one who asked for a stop by name. */
  askedBy?: string;
  /** Resolves when the last word of it is in the store. */
  settled: Promise<void>;
  settle(): void;
}

function activeJob(job: JobRow, needBytes: number, stop: Stop | undefined): Active {
  let settle = () => {};
  const settled = new Promise<void>((resolve) => {
    settle = resolve;
  });
  return { job, needBytes, settled, settle, ...(stop ? { stop } : {}) };
}

function ask(active: Active, stop: Stop): void {
  // What the clock wants every second does not take the place of what a person wants.
  if (!active.stop || !endsByItself(stop.why)) active.stop = stop;
  if (stop.by !== undefined) active.askedBy = stop.by;
  active.run?.stop(stop.why, stop.graceMs);
}

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #redact: (text: string) => string;
  /** From the claim to the last word in the store. */
  readonly #running = new Map<number, Active>();
  /** A sweep must not come between a claim and our knowing of it. */
  readonly #claiming = new Mutex();
  /** Milliseconds since the epoch. */
  readonly #startedAt: number;
  #stopAll: Stop | undefined;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#startedAt = options.clock.now();
    this.#redact = redactor(options.secrets);
  }

  /** Jobs that are being worked on now. */
  get running(): number[] {
    return [...this.#running.keys()];
  }

  /** How far a job in work is, as its run tells. */
  progressOf(jobId: number): ProgressReport | undefined {
    return this.#running.get(jobId)?.run?.progress;
  }

  /** Resolves when nobody works on the job here any more; at once when nobody does. */
  async settled(jobId: number): Promise<void> {
    await this.#running.get(jobId)?.settled;
  }

  /** Claims the next job that may run. @returns its run to its end, or undefined when none may start */
  async claim(): Promise<Work | undefined> {
    return await this.#claiming.hold(async () => {
      for (;;) {
        const choice = await this.#choose();
        if (!choice) return undefined;
        const claimed = await this.#take(choice);
        // Somebody may have paused or cancelled it in between: then there is another one to choose.
        if (!claimed) continue;
        const active = activeJob(claimed.job, choice.needBytes, this.#stopAll);
        this.#running.set(claimed.job.id, active);
        this.#tellBeside();
        return () => this.#work(claimed, active);
      }
    });
  }

  async #choose(): Promise<Choice | undefined> {
    const wanted = this.#options.wanted();
    if (wanted?.length === 0) return undefined;
    const running = [...this.#running.values()].map(({ needBytes, run }) => ({
      needBytes,
      usedBytes: run?.memoryBytes ?? 0,
    }));
    // One that is resumed while its last run still ends waits for that: the end calls for the next claim.
    return await this.#options.next(running, { only: wanted, except: this.running });
  }

  async #take({ jobId, passed }: Choice): Promise<Claimed | undefined> {
    const { store, clock, node } = this.#options;
    const lease = newLease(clock, node);
    const machine = hostname();
    return await claimNext(store, { ...lease, only: [jobId], passed, machine, actor: 'supervisor' });
  }

  /** Finds and ends what nobody watches over; its jobs wait again or have failed when this resolves, and are told. */
  async sweep(): Promise<SweepReport> {
    const { store, clock, dataDir, orphanPolicy, processes, tell } = this.#options;
    const scope = { store, clock, dataDir, policy: orphanPolicy, holds: (jobId: number) => this.#running.has(jobId) };
    const report = await this.#claiming.hold(() => sweepOrphans(scope));
    processes.noteOrphans(report.recovered.length + report.strays.length);
    for (const { jobId, status } of report.recovered) tell({ type: 'state', jobId, status });
    return report;
  }

  /** Puts into the queue what another program left `pending` outside of it. @returns the jobs that wait there now */
  async queueUnqueued(): Promise<number[]> {
    const { store, tell } = this.#options;
    const queued: number[] = [];
    for (const jobId of await unqueuedJobs(store)) {
      if (!(await queueJob(store, jobId, { actor: 'supervisor', reason: UNQUEUED }))) continue;
      queued.push(jobId);
      tell({ type: 'state', jobId, status: 'pending' });
    }
    return queued;
  }

  /** Removes old logs and what jobs left that nobody needs: all jobs, or those that were changed since. */
  async keepHouse(since = 0): Promise<Cleaned> {
    const { store, clock, dataDir, logs, uploadKeepMs } = this.#options;
    const { days: logDays, totalBytes: logTotalBytes, limits } = logs;
    const holds = (jobId: number) => this.#running.has(jobId);
    const logBytesPerJob = limits.rotateBytes ?? DEFAULT_LOG_LIMITS.rotateBytes;
    const kept = { logDays, logTotalBytes, logBytesPerJob, uploadKeepMs };
    return await keepHouse({ store, dataDir, now: clock.now(), since, ...kept, holds });
  }

  /** Removes uploads that no job needs. @returns how many */
  async removeOldUploads(): Promise<number> {
    const { store, clock, dataDir, uploadKeepMs: keepMs } = this.#options;
    return await removeOldUploads({ store, dataDir, now: clock.now(), keepMs, brokenBefore: this.#startedAt });
  }

  /** Asks a run to stop at its checkpoint, or with `graceMs` 0 ends it. @returns false when the job is not being worked on */
  stop(jobId: number, why: StopReason, graceMs?: number, by?: string): boolean {
    const active = this.#running.get(jobId);
    if (active) ask(active, { why, graceMs, by });
    return active !== undefined;
  }

  /** Asks every run of now to stop at its checkpoint. */
  stopRunning(why: StopReason): void {
    for (const active of this.#running.values()) ask(active, { why, graceMs: undefined });
  }

  /** Asks every run, now and later, to stop at its checkpoint, or with `graceMs` 0 ends them. */
  stopAll(why: StopReason, graceMs?: number): void {
    this.#stopAll = { why, graceMs };
    for (const active of this.#running.values()) ask(active, this.#stopAll);
  }

  async #work(claimed: Claimed, active: Active): Promise<void> {
    const { store, dataDir, tell, onProblem } = this.#options;
    const { job } = claimed;
    const jobDir = jobFolder(dataDir, job.id);
    const log = this.#openLog(job.id);
    try {
      const result = await this.#supervise(claimed, active, log);
      // The next run removes them first, too; without an end in the store this one would be taken for lost.
      await removeScratch(jobDir).catch((error) => {
        onProblem(`Job ${job.id}: its scratch files could not be removed: ${reportOf(error).message}`);
      });
      const [level, message] = lastWord(result.outcome, job.id);
      log.write(level, 'supervisor', message);
      // What failed is told with the job; a crash would pass unnoticed.
      if (result.outcome.type === 'crashed') tell({ type: 'log', jobId: job.id, level, message });
      await this.#closeLog(log, job.id);
      const tail = await lastLines(log.path, EVIDENCE_LINES);
      const words = await this.#settle(claimed, { ...result, askedBy: active.askedBy }, tail.text);
      if (words !== undefined) await this.#addWords(job.id, words);
      if ((await getJob(store, job.id))?.status === 'completed') await dropAudio(store, job.id, jobDir);
    } finally {
      await log.close();
      this.#running.delete(job.id);
      this.#tellBeside();
      // Whoever waits for the end has it, whether or not it can be told.
      await this.#tellState(job.id).finally(() => active.settle());
    }
  }

  /** Each run hears how many cores the others keep busy now. */
  #tellBeside(): void {
    const { coresOf } = this.#options;
    if (!coresOf) return;
    const active = [...this.#running.values()];
    for (const one of active) one.run?.beside(active.filter((other) => other !== one).map(({ job }) => coresOf(job)));
  }

  /** Told last, so that whoever hears it finds everything as it will stay. */
  async #tellState(jobId: number): Promise<void> {
    const job = await getJob(this.#options.store, jobId);
    if (!job) return;
    if (job.status === 'paused') this.#options.onPaused();
    this.#options.tell({ type: 'state', jobId, status: job.status, pausedBy: job.paused_by });
  }

  #openLog(jobId: number): JobLog {
    const { clock, dataDir, logs, secrets, tell } = this.#options;
    return new JobLog(logPath(dataDir, jobId), {
      now: clock.now,
      onWritten: () => tell({ type: 'logged', jobId }),
      secrets,
      limits: logs.limits,
    });
  }

  /** How it goes on, behind the end of the run's log. */
  async #addWords(jobId: number, words: string): Promise<void> {
    const log = this.#openLog(jobId);
    log.write('WARNING', 'supervisor', words);
    await this.#closeLog(log, jobId);
    this.#options.tell({ type: 'log', jobId, level: 'WARNING', message: words });
  }

  async #closeLog(log: JobLog, jobId: number): Promise<void> {
    await log.close();
    if (log.missingLines === 0) return;
    const why = log.failure?.message ?? 'they came faster than they could be written';
    this.#options.onProblem(`Job ${jobId}: ${log.missingLines} lines of its log are missing (${why}).`);
  }

  async #supervise(claimed: Claimed, active: Active, log: JobLog): Promise<RunResult> {
    const { job, run } = claimed;
    log.write('INFO', 'supervisor', `Run ${run.number} of job ${job.id} (${job.filename})`);
    this.#options.tell({ type: 'state', jobId: job.id, status: 'processing' });
    try {
      active.run = await this.#start(claimed, log);
      if (active.stop) active.run.stop(active.stop.why, active.stop.graceMs);
      return await active.run.result;
    } catch (error) {
      const outcome = { type: 'failed', error: reportOf(error) } as const;
      return { outcome, usage: undefined, elapsedSeconds: job.elapsed_seconds };
    }
  }

  async #start(claimed: Claimed, log: JobLog): Promise<Run> {
    const { store, dataDir, settings, versions, cores } = this.#options;
    const { clock, processes, runnerPath, limits, patience, tell, onProblem } = this.#options;
    const jobDir = jobFolder(dataDir, claimed.job.id);
    await prepareJobFolder(jobDir);
    const { outlook } = this.#options;
    const options = { jobDir, settings, versions, memoryLimitBytes: limits.memoryBytes, cores, outlook };
    const { parametersBySettings: bySettings } = this.#options;
    const note = (sentence: string) => log.write('WARNING', 'supervisor', sentence);
    const parameters = await parametersOf({ store, bySettings, note }, claimed);
    const order = await runOrderFor(store, claimed.job, parameters, options);
    const redact = this.#redact;
    const around = { store, clock, processes, runnerPath, limits, patience, log, tell, redact, onProblem };
    return new Run(around, claimed, order);
  }

  async #settle(claimed: Claimed, result: RunResult, logTail: string): Promise<string | undefined> {
    const { store, clock, retries, onProblem } = this.#options;
    // Given up, it is left as `processing` with a run that has no end: the next sweep finds and recovers it.
    return await persist(() => settle(store, retries, claimed, result, logTail), {
      clock,
      isClosing: () => this.#stopAll !== undefined,
      onFailure: (sentence) => onProblem(`Job ${claimed.job.id}: how its run ended could not be written: ${sentence}`),
    });
  }
}

function lastWord(outcome: RunOutcome, jobId: number): [LogLevel, string] {
  switch (outcome.type) {
    case 'completed':
      return ['INFO', 'Done'];
    case 'failed':
    case 'crashed':
      return ['ERROR', [outcome.error.message, naming(outcome.error.remedy ?? '', jobId)].filter(Boolean).join(' ')];
    case 'stopped':
      return ['INFO', `Stopped at the checkpoint (${outcome.why})`];
    case 'orphaned':
      return ['WARNING', outcome.reason];
  }
}
