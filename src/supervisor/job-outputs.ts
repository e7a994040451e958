import { join } from 'node:path';
import type { Clock } from '../domain/clock.ts';
import { reportOf } from '../domain/errors.ts';
import { makePrivateFolder } from '../files/directory.ts';
import { JobLog, type LogLimits } from '../logs/job-log.ts';
import { logFileName } from '../logs/log-file.ts';
import { JobOutput } from './job-output.ts';
import type { Problems } from './problems.ts';

export interface JobOutputsOptions {
  logDir: string;
  clock: Clock;
  secrets: readonly string[];
  limits: Partial<LogLimits>;
  problems: Problems;
}

/** The logs that one instance writes to. */
export class JobOutputs {
  readonly #options: JobOutputsOptions;
  readonly #open = new Set<JobOutput>();
  /** Failures of logs that are closed. */
  #failuresBefore = 0;

  constructor(options: JobOutputsOptions) {
    this.#options = options;
  }

  /** How often a log could not be opened, written, rotated or compressed, so far. */
  get failures(): number {
    return [...this.#open].reduce((sum, { log }) => sum + log.failures, this.#failuresBefore);
  }

  /** Whether anything is written about a job from here. */
  has(jobId: string): boolean {
    return [...this.#open].some((output) => output.jobId === jobId);
  }

  /** Whether more may come into a job's own log from here. */
  hasOwn(jobId: string): boolean {
    return this.#ownOf(jobId) !== undefined;
  }

  /**
   * The log of a job, to be released when it is not needed any more. A log has one writer: the one that is open is used,
   * and one that is being closed is waited for.
   * @param given a log that is open already; it is not closed from here
   */
  async open(jobId: string, given?: JobLog): Promise<JobOutput> {
    if (given) return this.#add(new JobOutput(jobId, given, false, (output) => this.#remove(output)));
    const before = this.#ownOf(jobId);
    if (before && !before.isClosing) return before.retain();
    await before?.close();
    return this.#add(new JobOutput(jobId, this.#openLog(jobId), true, (output) => this.#remove(output)));
  }

  /** Closes them now; resolves when all is written. */
  async close(): Promise<void> {
    await Promise.all([...this.#open].map((output) => output.close()));
  }

  #ownOf(jobId: string): JobOutput | undefined {
    return [...this.#open].find((output) => output.jobId === jobId && output.isOurs);
  }

  #openLog(jobId: string): JobLog {
    const { logDir, clock, secrets, limits } = this.#options;
    this.#makeFolder();
    return new JobLog(join(logDir, logFileName(jobId)), { now: () => clock.now(), secrets, limits });
  }

  #makeFolder(): void {
    try {
      makePrivateFolder(this.#options.logDir);
    } catch (error) {
      this.#options.problems.tell(`There is nowhere to write logs: ${reportOf(error).message}`);
    }
  }

  #add(output: JobOutput): JobOutput {
    this.#open.add(output);
    return output;
  }

  #remove(output: JobOutput): void {
    this.#open.delete(output);
    this.#failuresBefore += output.log.failures;
  }
}
