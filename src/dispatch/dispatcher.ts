/**
 * The seam between "there is work" and "somebody does it". Rows are the truth: a dispatcher only wakes up, asks the
 * store for a job and runs it; whatever it forgets is still in the store.
 */
export interface Dispatcher {
  /** There may be something new to claim. Cheap; any number of calls. */
  wake(): void;
  /** Claims nothing more and resolves when nothing it started is running. Idempotent. */
  stop(): Promise<void>;
}

/** One claimed job to its end. Must not reject: whatever happens to the job is written into the store. */
export type Work = () => Promise<void>;

export interface DispatcherOptions {
  /** Jobs at the same time, as many as it says when one could be claimed. */
  concurrency(): number;
  /** Claims the next job, or says that there is none. */
  claim(): Promise<Work | undefined>;
  /** Claiming failed (a full disk, a locked store); it is tried again with the next wake-up. */
  onError(error: unknown): void;
}
