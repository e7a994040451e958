import { QueueOffError } from './errors.ts';

export interface ReservationOptions {
  /** Jobs at the same time. */
  maxConcurrent: number;
  /** Jobs that run or are wanted. */
  busy(): number;
  /** Why no job may start now; undefined when one may. */
  closedBecause(): Promise<string | undefined>;
}

/** Places of jobs that are being handed in, where the queue is switched off: what cannot start at once is refused. */
export class Reservations {
  readonly #options: ReservationOptions;
  #kept = 0;

  constructor(options: ReservationOptions) {
    this.#options = options;
  }

  /**
   * Keeps a place for a job.
   * @returns a function that gives it back: as soon as the job is wanted, or was refused
   * @throws QueueOffError when the job could not start at once
   */
  async keep(): Promise<() => void> {
    const closed = await this.#options.closedBecause();
    if (closed !== undefined) throw new QueueOffError(closed);
    const busy = this.#options.busy() + this.#kept;
    if (busy >= this.#options.maxConcurrent) {
      throw new QueueOffError(busy === 1 ? 'A job is running.' : `${busy} jobs are running.`);
    }
    this.#kept += 1;
    return () => {
      this.#kept -= 1;
    };
  }
}
