/** So many heartbeats make the average. */
const HEARTBEATS_KEPT = 100;

/** How late heartbeats come. A job that has heartbeats of its own is not judged by those of its monitor. */
export class HeartbeatDelays {
  readonly #seconds: number[] = [];
  /** Jobs with heartbeats of their own. */
  readonly #own = new Set<string>();

  /** A heartbeat of the job's own came. From now on only these count for it. */
  noteOwn(jobId: string, delaySeconds: number): void {
    this.#own.add(jobId);
    this.#note(delaySeconds);
  }

  /** The job's monitor saw it alive. */
  noteMonitor(jobId: string, delaySeconds: number): void {
    if (!this.#own.has(jobId)) this.#note(delaySeconds);
  }

  /** The job has no process any more; whether its next one has heartbeats of its own is not known yet. */
  forget(jobId: string): void {
    this.#own.delete(jobId);
  }

  /** Seconds; 0 as long as there was none. */
  get average(): number {
    if (this.#seconds.length === 0) return 0;
    return this.#seconds.reduce((sum, seconds) => sum + seconds, 0) / this.#seconds.length;
  }

  #note(delaySeconds: number): void {
    this.#seconds.push(Math.max(0, delaySeconds));
    if (this.#seconds.length > HEARTBEATS_KEPT) this.#seconds.shift();
  }
}
