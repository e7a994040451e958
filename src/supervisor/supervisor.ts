/** Runs jobs of one owner: claims them, supervises each run, settles what became of it, and looks for what got lost. */
import type { Work } from '../dispatch/dispatcher.ts';
import type { Clock } from '../domain/clock.ts';
import { reportOf } from '../domain/errors.ts';
import type { LogLevel } from '../domain/log-level.ts';
import type { RunOutcome, StopReason } from '../domain/outcome.ts';
import type { EngineSettings } from '../engines/engine.ts';
import { newLease } from '../lease/lease.ts';
import { DEFAULT_LOG_LIMITS, JobLog, type JobLogOptions } from '../logs/job-log.ts';
import { redactor } from '../logs/redact.ts';
import { lastLines } from '../logs/tail.ts';
import { getJob } from '../store/jobs.ts';
import { type Claimed, claimNext } from '../store/queue.ts';
import type { Store } from '../store/store.ts';
import { type Cleaned, keepHouse } from './housekeeping.ts';
import { dropAudio, jobFolder, logPath, prepareJobFolder, removeScratch } from './job-files.ts';
import { Mutex } from './mutex.ts';
import type { Tell } from './news.ts';
import { type SweepReport, sweepOrphans } from './orphans.ts';
import type { ProcessManager } from './process-manager.ts';
import { Run, type RunLimits, type RunResult } from './run.ts';
import { runOrderFor } from './run-order.ts';
import { settle } from './settle.ts';
import type { Patience } from './watch.ts';

/** Lines of the log that are kept with a run that failed or crashed. */
const EVIDENCE_LINES = 200;
/** Writing how a run ended is tried this often: the disk may be full for a moment, and the lease still holds. */
const SETTLE_TRIES = 5;
const SETTLE_PAUSE_MS = 1_000;

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
  /** What must not be in any log. */
  secrets: readonly string[];
  tell: Tell;
  /** The jobs that may run; undefined: all that wait. */
  wanted?(): readonly number[];
  /** Something failed that the supervisor survives. */
  onProblem(sentence: string): void;
}

interface Stop {
  why: StopReason;
  graceMs?: number | undefined;
}

/** A job in work: its run, once it was started, and the wish to stop it, which may come first. */
interface Active {
  run?: Run;
  stop?: Stop;
}

function ask(active: Active, stop: Stop): void {
  active.stop = stop;
  active.run?.stop(stop.why, stop.graceMs);
}

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #redact: (text: string) => string;
  /** From the claim to the last word in the store. */
  readonly #running = new Map<number, Active>();
  /** A sweep must not come between a claim and our knowing of it. */
  readonly #claiming = new Mutex();
  #stopAll: Stop | undefined;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#redact = redactor(options.secrets);
  }

  /** Jobs that are being worked on now. */
  get running(): number[] {
    return [...this.#running.keys()];
  }

  /** Claims the next job that may run. @returns its run to its end, or undefined when nothing waits */
  async claim(): Promise<Work | undefined> {
    const { store, clock, node, wanted } = this.#options;
    return await this.#claiming.hold(async () => {
      // One that is resumed while its last run still ends waits for that: the end calls for the next claim.
      const only = wanted?.().filter((jobId) => !this.#running.has(jobId));
      if (only?.length === 0) return undefined;
      const lease = newLease(clock, node);
      const claimed = await claimNext(store, { ...lease, ...(only ? { only } : {}), actor: 'supervisor' });
      if (!claimed) return undefined;
      const active: Active = this.#stopAll ? { stop: this.#stopAll } : {};
      this.#running.set(claimed.job.id, active);
      return () => this.#work(claimed, active);
    });
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

  /** Removes old logs and what jobs left that nobody needs. */
  async keepHouse(): Promise<Cleaned> {
    const { store, clock, dataDir, logs } = this.#options;
    const { days: logDays, totalBytes: logTotalBytes, limits } = logs;
    const holds = (jobId: number) => this.#running.has(jobId);
    const logBytesPerJob = limits.rotateBytes ?? DEFAULT_LOG_LIMITS.rotateBytes;
    return await keepHouse({ store, dataDir, now: clock.now(), logDays, logTotalBytes, logBytesPerJob, holds });
  }

  /** Asks a run to stop at its checkpoint, or with `graceMs` 0 ends it. @returns false when the job is not being worked on */
  stop(jobId: number, why: StopReason, graceMs?: number): boolean {
    const active = this.#running.get(jobId);
    if (active) ask(active, { why, graceMs });
    return active !== undefined;
  }

  /** Asks every run, now and later, to stop at its checkpoint, or with `graceMs` 0 ends them. */
  stopAll(why: StopReason, graceMs?: number): void {
    this.#stopAll = { why, graceMs };
    for (const active of this.#running.values()) ask(active, this.#stopAll);
  }

  async #work(claimed: Claimed, active: Active): Promise<void> {
    const { store, dataDir, tell } = this.#options;
    const { job } = claimed;
    const jobDir = jobFolder(dataDir, job.id);
    const log = this.#openLog(job.id);
    try {
      const result = await this.#supervise(claimed, active, log);
      await removeScratch(jobDir);
      const [level, message] = lastWord(result.outcome);
      log.write(level, 'supervisor', message);
      // What failed is told with the job; a crash would pass unnoticed.
      if (result.outcome.type === 'crashed') tell({ type: 'log', jobId: job.id, level, message });
      await this.#closeLog(log, job.id);
      const tail = await lastLines(log.path, EVIDENCE_LINES);
      await this.#settle(claimed, result, tail.text);
    } finally {
      await log.close();
      this.#running.delete(job.id);
    }
    const after = await getJob(store, job.id);
    // Told last, so that whoever hears it finds everything as it will stay.
    if (after?.status === 'completed') await dropAudio(store, job.id, jobDir);
    if (after) tell({ type: 'state', jobId: job.id, status: after.status });
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
    const order = await runOrderFor(store, claimed.job, { jobDir, settings, versions, cores });
    const redact = this.#redact;
    const around = { store, clock, processes, runnerPath, limits, patience, log, tell, redact, onProblem };
    return new Run(around, claimed, order);
  }

  async #settle(claimed: Claimed, result: RunResult, logTail: string): Promise<void> {
    const { store, clock, onProblem } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      try {
        await settle(store, claimed, result, logTail);
        return;
      } catch (error) {
        onProblem(`Job ${claimed.job.id}: how its run ended could not be written: ${reportOf(error).message}`);
        // Left as `processing` with a run that has no end: the next sweep finds and recovers it.
        if (attempt === SETTLE_TRIES) throw error;
        await clock.sleep(SETTLE_PAUSE_MS);
      }
    }
  }
}

function lastWord(outcome: RunOutcome): [LogLevel, string] {
  switch (outcome.type) {
    case 'completed':
      return ['INFO', 'Done'];
    case 'failed':
    case 'crashed':
      return ['ERROR', [outcome.error.message, outcome.error.remedy].filter(Boolean).join(' ')];
    case 'stopped':
      return ['INFO', `Stopped at the checkpoint (${outcome.why})`];
    case 'orphaned':
      return ['WARNING', outcome.reason];
  }
}
