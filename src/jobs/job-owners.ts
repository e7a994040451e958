import { jobStandings } from '../store/job-standings.ts';
import type { Store } from '../store/store.ts';

/** So many are remembered; the others are looked up again. */
const REMEMBERED = 10_000;

/** Whose each job is, looked up once. */
export class JobOwners {
  readonly #store: Store;
  readonly #known = new Map<number, string | null>();

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * Whether somebody may see what happens to a job. What happens to the queue as a whole, which has no job, all may see.
   * @param userId null: there is one user, or an admin asks, who may see all
   */
  async maySee(userId: string | null, jobId: number | null): Promise<boolean> {
    if (userId === null || jobId === null) return true;
    return (await this.#ownerOf(jobId)) === userId;
  }

  /** Whose it is, or was: what is known of a job that is there no more. */
  note(jobId: number, userId: string | null): void {
    this.#known.delete(jobId);
    this.#known.set(jobId, userId);
    const [oldest] = this.#known.keys();
    if (this.#known.size > REMEMBERED && oldest !== undefined) this.#known.delete(oldest);
  }

  async #ownerOf(jobId: number): Promise<string | null | undefined> {
    const known = this.#known.get(jobId);
    if (known !== undefined) return known;
    const [job] = await jobStandings(this.#store, [jobId]);
    if (job) this.note(jobId, job.user_id);
    return job?.user_id;
  }
}
