import { type JobCounts, jobCounts } from './health.ts';
import type { Store } from './store.ts';

/** So many jobs are counted in milliseconds, so the count is made anew for everybody who asks. */
const FEW_JOBS = 10_000;
/** Among a million it takes tenths of a second, during which the owner does nothing else. */
const MANY_FRESH_MS = 30_000;

/** Counts the jobs for those who ask again and again: probes, scrapers. Of many jobs the count may be half a minute old. */
export class JobCounter {
  readonly #store: Store;
  #last: { at: number; counts: JobCounts } | undefined;
  #counting: Promise<JobCounts> | undefined;

  constructor(store: Store) {
    this.#store = store;
  }

  async counts(): Promise<JobCounts> {
    const now = this.#store.clock.monotonicMs();
    const last = this.#last;
    if (last && last.counts.totalJobs > FEW_JOBS && now - last.at < MANY_FRESH_MS) return last.counts;
    this.#counting ??= this.#count().finally(() => {
      this.#counting = undefined;
    });
    return await this.#counting;
  }

  async #count(): Promise<JobCounts> {
    const counts = await jobCounts(this.#store);
    this.#last = { at: this.#store.clock.monotonicMs(), counts };
    return counts;
  }
}
