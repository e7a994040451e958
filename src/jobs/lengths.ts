import type { Clock } from '../domain/clock.ts';
import { LonghandError, reportOf } from '../domain/errors.ts';
import { getJob } from '../store/jobs.ts';
import type { JobRow } from '../store/schema.ts';
import { noteDuration } from '../store/sources.ts';
import type { Store } from '../store/store.ts';

/** Recordings that are looked at side by side. */
const AT_ONCE = 4;
/** A job that is worked on at once is looked at by its own run; this is for those that have to wait. */
const FIRST_PAUSE_MS = 250;
const SECONDS_PER_MINUTE = 60;

export interface LengthsOptions {
  store: Store;
  clock: Clock;
  /** @returns seconds, or undefined when the file does not say; what it throws tells that it is no recording */
  durationOf(path: string, signal: AbortSignal): Promise<number | undefined>;
  /** Seconds of work that a recording of so many seconds is expected to take; kept with the job. */
  workFor?(job: JobRow, seconds: number): Promise<number>;
  /** Called for each job whose length was found. */
  onFound?(jobId: number, seconds: number): void;
  onProblem(sentence: string): void;
}

/** Finds out, beside the work, how long the recordings are that wait, so that it can be told when each will be done. */
export class Lengths {
  readonly #options: LengthsOptions;
  readonly #waiting: { jobId: number; path: string }[] = [];
  readonly #closing = new AbortController();
  #work: Promise<unknown> | undefined;

  constructor(options: LengthsOptions) {
    this.#options = options;
  }

  /** Looks at a job's recording soon. Returns at once and never throws. */
  find(jobId: number, path: string): void {
    if (this.#closing.signal.aborted) return;
    this.#waiting.push({ jobId, path });
    this.#work ??= this.#findAll();
  }

  /** Resolves when nothing is left to look at. */
  async idle(): Promise<void> {
    while (this.#work) await this.#work;
  }

  /** Looks at nothing more; what is not known by then the jobs' runs find out. Idempotent. */
  async close(): Promise<void> {
    this.#waiting.length = 0;
    this.#closing.abort();
    await this.idle();
  }

  async #findAll(): Promise<void> {
    const { clock } = this.#options;
    await clock.sleep(FIRST_PAUSE_MS, this.#closing.signal).catch(() => undefined);
    while (this.#waiting.length > 0) await Promise.all(Array.from({ length: AT_ONCE }, () => this.#findInTurn()));
    this.#work = undefined;
  }

  async #findInTurn(): Promise<void> {
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      try {
        await this.#findOne(next.jobId, next.path);
      } catch (error) {
        if (this.#closing.signal.aborted) return;
        // What is wrong with the recording is told when its turn comes.
        if (error instanceof LonghandError) continue;
        this.#options.onProblem(`Job ${next.jobId}: its length was not found: ${reportOf(error).message}`);
      }
    }
  }

  async #findOne(jobId: number, path: string): Promise<void> {
    const { store, durationOf, workFor, onFound } = this.#options;
    const job = await getJob(store, jobId);
    if (job?.status !== 'pending' || job.duration_minutes > 0) return;
    const seconds = await durationOf(path, this.#closing.signal);
    if (!seconds) return;
    const found = { minutes: seconds / SECONDS_PER_MINUTE, estimatedSeconds: await workFor?.(job, seconds) };
    if (!(await noteDuration(store, jobId, found))) return;
    onFound?.(jobId, seconds);
  }
}
