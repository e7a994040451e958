import type { Clock } from '../domain/clock.ts';
import { reportOf } from '../domain/errors.ts';
import type { JobLog } from '../logs/job-log.ts';
import type { Cleaned } from './housekeeping.ts';
import { Mutex } from './mutex.ts';
import type { SweepReport } from './orphans.ts';
import type { ProcessManager } from './process-manager.ts';
import { writeFigures } from './service-figures.ts';
import type { Supervisor } from './supervisor.ts';

/** Between two times that old logs and left-over files are looked for. */
const HOUSE_INTERVAL_MS = 10 * 60_000;
/** Between two lines on what a job uses. */
const FIGURES_INTERVAL_MS = 60_000;

export interface RoundsOptions {
  supervisor: Supervisor;
  processes: ProcessManager;
  clock: Clock;
  sweepIntervalMs: number;
  /** The service's own log. */
  log: JobLog;
  /** Jobs wait again that nobody had worked on. */
  onRecovered(): void;
}

/** What one round found and did. */
export interface RoundReport extends SweepReport {
  cleaned: Cleaned;
}

/**
 * Looks every few seconds for orphans and for jobs that are missing in the queue, and keeps house every ten minutes, for as long as the owner lives. A round that
 * fails (a full disk) is told, and the next one tries again; two never run at once.
 */
export class Rounds {
  readonly #options: RoundsOptions;
  readonly #timers: NodeJS.Timeout[] = [];
  #sweeping: Promise<SweepReport> | undefined;
  readonly #cleaning = new Mutex();
  /** When the last round of house-keeping began. */
  #cleanedAt: number;
  #stopped = false;

  constructor(options: RoundsOptions) {
    this.#options = options;
    this.#cleanedAt = options.clock.now();
  }

  /** Begins the rounds; the first is after the first interval. Idempotent. */
  start(): void {
    if (this.#timers.length > 0 || this.#stopped) return;
    const every = (ms: number, round: () => Promise<unknown>) => {
      const timer = setInterval(() => round().catch((error) => this.#failed(error)), ms);
      timer.unref();
      this.#timers.push(timer);
    };
    every(this.#options.sweepIntervalMs, () => this.sweep());
    every(HOUSE_INTERVAL_MS, () => this.#keepHouse(this.#cleanedAt));
    // What a process left that ended in the middle of an upload need not wait for the first round.
    this.#cleaning.hold(() => this.#removeOldUploads()).catch((error) => this.#failed(error));
    const { supervisor, processes, log } = this.#options;
    if (log.writes('DEBUG')) every(FIGURES_INTERVAL_MS, () => writeFigures(processes, supervisor.running, log));
  }

  /** Ends the rounds and resolves when none is under way. Idempotent. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
    await Promise.allSettled([this.#sweeping, this.#cleaning.hold(async () => undefined)]);
  }

  /** Both, now, and of all jobs: the rounds look only at those that were changed since the last one. */
  async both(): Promise<RoundReport> {
    const report = await this.sweep();
    return { ...report, cleaned: await this.#keepHouse(0) };
  }

  /** Finds and ends orphans, and queues what is missing in the queue. One that is under way is shared. */
  sweep(): Promise<SweepReport> {
    this.#sweeping ??= this.#sweep().finally(() => {
      this.#sweeping = undefined;
    });
    return this.#sweeping;
  }

  async #sweep(): Promise<SweepReport> {
    const { supervisor, log, onRecovered } = this.#options;
    const report = await supervisor.sweep();
    for (const { jobId, killed, status } of report.recovered) {
      log.write('WARNING', 'sweep', `Job ${jobId} was an orphan${listed(killed)}; it is ${status} now`);
    }
    if (report.strays.length > 0)
      log.write('WARNING', 'sweep', `Processes of runs that are over${listed(report.strays)}`);
    for (const survivor of report.survivors) log.write('ERROR', 'sweep', `Could not be ended: ${survivor}`);
    const queued = await supervisor.queueUnqueued();
    for (const jobId of queued) {
      log.write('WARNING', 'sweep', `Job ${jobId} was pending and missing in the queue; it waits there now`);
    }
    if (report.recovered.length + queued.length > 0) onRecovered();
    return report;
  }

  #keepHouse(since: number): Promise<Cleaned> {
    return this.#cleaning.hold(() => this.#clean(since));
  }

  async #clean(since: number): Promise<Cleaned> {
    const { clock, supervisor } = this.#options;
    const beganAt = clock.now();
    const cleaned = await supervisor.keepHouse(since);
    this.#cleanedAt = beganAt;
    const { logs, jobs, uploads } = cleaned;
    if (logs.files + jobs > 0) {
      const text = `Cleaned up: ${logs.files} log files (${logs.bytes} bytes), temporary files of ${jobs} jobs`;
      this.#options.log.write('INFO', 'cleanup', text);
    }
    this.#noteUploads(uploads);
    return cleaned;
  }

  async #removeOldUploads(): Promise<void> {
    this.#noteUploads(await this.#options.supervisor.removeOldUploads());
  }

  #noteUploads(count: number): void {
    if (count > 0) this.#options.log.write('INFO', 'cleanup', `Removed ${count} uploads that no job needs`);
  }

  #failed(error: unknown): void {
    this.#options.log.write('ERROR', 'sweep', `A round failed: ${reportOf(error).message}`);
  }
}

function listed(killed: SweepReport['strays']): string {
  return killed.length === 0 ? '' : `, ended ${killed.map(({ pid, command }) => `${command} (${pid})`).join(', ')}`;
}
