import type { Clock } from '../../domain/clock.ts';

/** A job's progress is told at most four times a second. */
export const PROGRESS_INTERVAL_MS = 250;

/**
 * Lets through the newest of what comes too often, for each job apart: the first at once, then the latest as soon as the
 * time is up. What is held back can be taken out at any moment, so that it is not overtaken.
 */
export class Pace<T> {
  readonly #clock: Clock;
  readonly #pass: (jobId: number, latest: T) => void;
  /** Those whose time is not up. */
  readonly #jobs = new Map<number, { held: T | undefined }>();
  readonly #closing = new AbortController();

  constructor(clock: Clock, pass: (jobId: number, latest: T) => void) {
    this.#clock = clock;
    this.#pass = pass;
  }

  offer(jobId: number, latest: T): void {
    const job = this.#jobs.get(jobId);
    if (job) {
      job.held = latest;
      return;
    }
    this.#passOn(jobId, latest);
  }

  /** What is held back of a job, which then is held back no more. */
  take(jobId: number): T | undefined {
    const job = this.#jobs.get(jobId);
    const held = job?.held;
    if (job) job.held = undefined;
    return held;
  }

  close(): void {
    this.#closing.abort();
    this.#jobs.clear();
  }

  #passOn(jobId: number, latest: T): void {
    const job: { held: T | undefined } = { held: undefined };
    this.#jobs.set(jobId, job);
    this.#pass(jobId, latest);
    this.#clock.sleep(PROGRESS_INTERVAL_MS, this.#closing.signal).then(
      () => {
        this.#jobs.delete(jobId);
        if (job.held !== undefined) this.#passOn(jobId, job.held);
      },
      (error) => {
        if (error !== this.#closing.signal.reason) throw error;
      },
    );
  }
}
