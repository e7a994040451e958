/** Nothing is said about the end before so much of it all is done: it would only jump. */
const FIRST_SHARE = 0.01;

/**
 * When a batch will be done, from how it went so far. Jobs count by their length; one whose length is not known yet counts
 * as the others do on average.
 */
export class BatchEta {
  readonly #total: number;
  readonly #startedMs: number;
  readonly #seconds = new Map<number, number>();
  readonly #share = new Map<number, number>();
  #without = 0;

  /** @param total how many jobs there are */
  constructor(total: number, nowMs: number) {
    this.#total = total;
    this.#startedMs = nowMs;
  }

  /** How long a job's recording is. */
  length(jobId: number, seconds: number): void {
    if (seconds > 0) this.#seconds.set(jobId, seconds);
  }

  /** How far a job is, 0 to 1. */
  progress(jobId: number, share: number): void {
    this.#share.set(jobId, share);
  }

  /** One is over. @param worked false: its text was there before, or it failed; that says nothing about the others */
  done(jobId: number, worked: boolean): void {
    if (worked) {
      this.#share.set(jobId, 1);
      return;
    }
    this.#without += 1;
    this.#seconds.delete(jobId);
    this.#share.delete(jobId);
  }

  /** Seconds until all are done, or undefined while that cannot be told. */
  secondsLeft(nowMs: number): number | undefined {
    const lengths = [...this.#seconds.values()];
    const sum = lengths.reduce((all, seconds) => all + seconds, 0);
    const average = lengths.length > 0 ? sum / lengths.length : 1;
    const whole = sum + average * Math.max(0, this.#total - this.#without - lengths.length);
    let done = 0;
    for (const [jobId, share] of this.#share) done += share * (this.#seconds.get(jobId) ?? average);
    if (whole === 0 || done / whole < FIRST_SHARE) return undefined;
    return (((nowMs - this.#startedMs) / 1000) * Math.max(0, whole - done)) / done;
  }
}
