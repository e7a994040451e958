/** Runs jobs of one owner: claims them, supervises each run, settles what became of it. */
import type { Work } from '../dispatch/dispatcher.ts';
import type { Clock } from '../domain/clock.ts';
import { reportOf } from '../domain/errors.ts';
import type { LogLevel } from '../domain/log-level.ts';
import type { RunOutcome, StopReason } from '../domain/outcome.ts';
import type { EngineSettings } from '../engines/engine.ts';
import { newLease } from '../lease/lease.ts';
import { JobLog } from '../logs/job-log.ts';
import { lastLines } from '../logs/tail.ts';
import { getJob } from '../store/jobs.ts';
import { type Claimed, claimNext } from '../store/queue.ts';
import type { Store } from '../store/store.ts';
import { dropAudio, jobFolder, logPath, prepareJobFolder, removeScratch } from './job-files.ts';
import type { Tell } from './news.ts';
import { Run, type RunResult } from './run.ts';
import { runOrderFor } from './run-order.ts';
import { settle } from './settle.ts';

/** Lines of the log that are kept with a run that failed or crashed. */
const EVIDENCE_LINES = 200;
/** Writing how a run ended is tried this often: the disk may be full for a moment, and the lease still holds. */
const SETTLE_TRIES = 5;
const SETTLE_PAUSE_MS = 1_000;

export interface SupervisorOptions {
  store: Store;
  clock: Clock;
  /** This owner; new with each start. */
  node: string;
  dataDir: string;
  runnerPath: string;
  settings: EngineSettings;
  tell: Tell;
  /** The jobs that may run; undefined: all that wait. */
  wanted?: ReadonlySet<number>;
  onError(error: unknown): void;
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
  /** From the claim to the last word in the store. */
  readonly #running = new Map<number, Active>();
  #stopAll: Stop | undefined;

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /** Jobs that are being worked on now. */
  get running(): number[] {
    return [...this.#running.keys()];
  }

  /** Claims the next job that may run. @returns its run to its end, or undefined when nothing waits */
  async claim(): Promise<Work | undefined> {
    const { store, clock, node, wanted } = this.#options;
    if (wanted?.size === 0) return undefined;
    const lease = newLease(clock, node);
    const claimed = await claimNext(store, { ...lease, ...(wanted ? { only: [...wanted] } : {}), actor: 'supervisor' });
    if (!claimed) return undefined;
    const active: Active = this.#stopAll ? { stop: this.#stopAll } : {};
    this.#running.set(claimed.job.id, active);
    return () => this.#work(claimed, active);
  }

  /** Asks a run to stop at its checkpoint. @returns false when the job is not being worked on */
  stop(jobId: number, why: StopReason): boolean {
    const active = this.#running.get(jobId);
    if (active) ask(active, { why });
    return active !== undefined;
  }

  /** Asks every run, now and later, to stop at its checkpoint, or with `graceMs` 0 ends them. */
  stopAll(why: StopReason, graceMs?: number): void {
    this.#stopAll = { why, graceMs };
    for (const active of this.#running.values()) ask(active, this.#stopAll);
  }

  async #work(claimed: Claimed, active: Active): Promise<void> {
    const { store, clock, dataDir, runnerPath, settings, tell } = this.#options;
    const { job } = claimed;
    const jobDir = jobFolder(dataDir, job.id);
    const log = new JobLog(logPath(dataDir, job.id), clock.now, () => tell({ type: 'logged', jobId: job.id }));
    try {
      const result = await this.#supervise(claimed, active, log, async () => {
        await prepareJobFolder(jobDir);
        const order = await runOrderFor(store, job, { jobDir, settings });
        return new Run({ store, clock, runnerPath, log, tell }, claimed, order);
      });
      await removeScratch(jobDir);
      const [level, message] = lastWord(result.outcome);
      log.write(level, 'supervisor', message);
      // What failed is told with the job; a crash would pass unnoticed.
      if (result.outcome.type === 'crashed') tell({ type: 'log', jobId: job.id, level, message });
      await log.close();
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

  async #supervise({ job, run }: Claimed, active: Active, log: JobLog, start: () => Promise<Run>): Promise<RunResult> {
    log.write('INFO', 'supervisor', `Run ${run.number} of job ${job.id} (${job.filename})`);
    this.#options.tell({ type: 'state', jobId: job.id, status: 'processing' });
    try {
      active.run = await start();
      if (active.stop) active.run.stop(active.stop.why, active.stop.graceMs);
      return await active.run.result;
    } catch (error) {
      const outcome = { type: 'failed', error: reportOf(error) } as const;
      return { outcome, usage: undefined, elapsedSeconds: job.elapsed_seconds };
    }
  }

  async #settle(claimed: Claimed, result: RunResult, logTail: string): Promise<void> {
    const { store, clock } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      try {
        await settle(store, claimed, result, logTail);
        return;
      } catch (error) {
        this.#options.onError(error);
        // Left as `processing` with a run that has no end: the next start finds and recovers it.
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
