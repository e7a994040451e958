import { Mutex } from './mutex.ts';

/** What concerns the same job comes one after the other; different jobs do not wait for each other. */
export class Turns {
  readonly #turns = new Map<string, { mutex: Mutex; waiting: number }>();

  /** Runs the work when all before it for this job is over. @returns what it returns */
  async hold<T>(jobId: string, work: () => Promise<T>): Promise<T> {
    const turn = this.#turns.get(jobId) ?? { mutex: new Mutex(), waiting: 0 };
    this.#turns.set(jobId, turn);
    turn.waiting += 1;
    try {
      return await turn.mutex.hold(work);
    } finally {
      turn.waiting -= 1;
      if (turn.waiting === 0) this.#turns.delete(jobId);
    }
  }

  /** Resolves when all that asked for this job until now have had their turn, however that ended. */
  async passed(jobId: string): Promise<void> {
    await this.hold(jobId, async () => undefined);
  }

  /** Resolves when all that asked until now, for whatever job, have had their turn. */
  async allPassed(): Promise<void> {
    await Promise.all([...this.#turns.keys()].map((jobId) => this.passed(jobId)));
  }
}
