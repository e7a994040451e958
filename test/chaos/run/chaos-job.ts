import type { JobStatus } from '../../../src/domain/job.ts';
import type { JobDetails, RunView } from '../../../src/jobs/view.ts';
import type { News } from '../../../src/supervisor/news.ts';
import type { Recording } from './recordings.ts';

/** Crashes in a row without a newly committed chunk by which a job is rightly quarantined; `supervisor/settle.ts`. */
const MAX_CRASHES = 3;
/** Tries of one chunk; `runner/engine-pool.ts`. */
const MAX_HITS = 3;
/** Three engine workers in a row that do not start end a run, so no more than this are killed in one. */
const MAX_WORKERS_A_RUN = 2;

/** What may lawfully end a run with a failure: a full disk, an ffmpeg that was killed. The latter ends its job, too. */
export type Excuse = 'disk' | 'ffmpeg';

/** What it must have been that made a job fail so, if it was lawful. */
export function excuseFor(kind: string | null, message: string | null): Excuse | undefined {
  if (kind === 'disk') return 'disk';
  return /^ff(mpeg|probe) was ended by SIGKILL/.test(message ?? '') ? 'ffmpeg' : undefined;
}

/**
 * A job and the book that is kept of it, so that it is never hit so often that it would rightly be quarantined. Where
 * something cannot be known exactly, the book assumes the worst.
 */
export class ChaosJob {
  readonly id: number;
  readonly recording: Recording;
  /** As last told. */
  status: JobStatus = 'pending';
  /** In words, as last told. */
  stage = '';
  /** For one that rests because it was asked to: the step at which it is resumed. */
  restsUntil = 0;
  /** What its current run may fail with. */
  readonly excuses = new Set<Excuse>();
  /** How often the disk was full while it was open, or it began a run on a full disk. */
  fullDisks = 0;
  /** The number of each run whose runner was killed. */
  readonly #killedRuns: number[] = [];
  /** Crashes of the first so many runs count no more. */
  #forgivenRuns = 0;
  #chunks = 0;
  /** Numbers of the chunks that the current run began, the latest last. */
  #begun: number[] = [];
  /** At most so many tries did a chunk lose. */
  readonly #hits = new Map<number, number>();
  readonly #workerKills = new Map<number, number>();

  constructor(id: number, recording: Recording) {
    this.id = id;
    this.recording = recording;
  }

  get isDone(): boolean {
    return this.status === 'completed';
  }

  /** Somebody works on it, or is about to. */
  get isExpectedToMove(): boolean {
    return this.status === 'pending' || this.status === 'processing';
  }

  /** For the diary: `job 5 (chunk 3/5)`. */
  toString(): string {
    const chunk = this.#begun.at(-1);
    const where = this.status !== 'processing' ? this.status : chunk ? `chunk ${chunk}/${this.#chunks}` : this.stage;
    return `job ${this.id} (${where})`;
  }

  /** @returns whether it is worth a step: something of the job changed, not only its log or a percentage */
  hear(news: News): boolean {
    if (news.type === 'state') {
      if (news.status === 'processing') this.#begun = [];
      this.status = news.status;
      return true;
    }
    if (news.type === 'progress') {
      const isNew = news.progress.stage !== this.stage;
      this.stage = news.progress.stage;
      return isNew;
    }
    return news.type === 'log' && this.#hearLine(news.message);
  }

  #hearLine(message: string): boolean {
    const begun = /^Processing chunk (\d+)\/(\d+)$/.exec(message);
    if (begun) {
      this.#begun.push(Number(begun[1]));
      this.#chunks = Number(begun[2]);
    }
    const failed = /^Chunk (\d+) failed \((\d+)\)/.exec(message);
    if (failed) this.#atLeast(Number(failed[1]), Number(failed[2]));
    return begun !== null || failed !== null || message.startsWith('Speed: ');
  }

  /** The disk is full while it is open. */
  meetFullDisk(): void {
    this.excuses.add('disk');
    this.fullDisks += 1;
  }

  /** How often its runner was killed. */
  get runnerKills(): number {
    return this.#killedRuns.length;
  }

  /** Whether its runner may die so often, as well. @param runs as the owner tells them now */
  mayCrash(runs: readonly RunView[], times = 1): boolean {
    return crashesInARow(runs.slice(this.#forgivenRuns), this.#killedRuns) + times < MAX_CRASHES;
  }

  /** Its runner was killed. */
  lostRunner({ runs }: JobDetails): void {
    this.#killedRuns.push(runs.length);
  }

  /** Whether one of its engine workers may be killed in this run. */
  mayLoseWorker({ runs }: JobDetails): boolean {
    const run = runs.length;
    if ((this.#workerKills.get(run) ?? 0) >= MAX_WORKERS_A_RUN) return false;
    return this.#mayBeInWork().every((number) => (this.#hits.get(number) ?? 0) + 1 < MAX_HITS);
  }

  /** An engine worker was killed. */
  lostWorker({ runs }: JobDetails): void {
    this.#workerKills.set(runs.length, (this.#workerKills.get(runs.length) ?? 0) + 1);
    for (const number of this.#mayBeInWork()) this.#atLeast(number, (this.#hits.get(number) ?? 0) + 1);
  }

  /**
   * It was resumed: the product counts crashes anew, and the tries of chunks if it had failed or was cancelled.
   * @param from the state that it was in
   * @param runs how many it had by then
   */
  forgive(from: JobStatus, runs: number): void {
    this.#forgivenRuns = runs;
    if (from === 'failed' || from === 'cancelled') this.#hits.clear();
  }

  /** The chunks of which one is hit when a worker is killed now; what was told last may already be over. */
  #mayBeInWork(): number[] {
    const lanes = this.recording.submission.processes;
    const begun = [...new Set(this.#begun)].slice(-2 * lanes);
    const highest = Math.max(0, ...this.#begun);
    return [...begun, ...Array.from({ length: lanes }, (_, index) => highest + 1 + index)];
  }

  #atLeast(number: number, hits: number): void {
    this.#hits.set(number, Math.max(hits, this.#hits.get(number) ?? 0));
  }
}

/**
 * How many runs, counted back from the newest, crashed or lost their owner without a chunk committed since.
 * @param killed numbers of runs whose runner was killed: how such a run ended may not be written yet, and the next one begin at once
 */
export function crashesInARow(runs: readonly RunView[], killed: readonly number[] = []): number {
  let crashes = 0;
  for (const { number, outcome, chunksCommitted } of [...runs].reverse()) {
    const willCrash = outcome === null && killed.includes(number);
    const crashed = outcome === 'crashed' || (outcome === 'orphaned' && chunksCommitted === 0) || willCrash;
    if (crashed) crashes += 1;
    // A commit forgives what came before it.
    if (chunksCommitted > 0) break;
  }
  return crashes;
}
