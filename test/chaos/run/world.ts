/** All that the chaos run acts on: the owner, its jobs, the disk and the clock. */
import { setTimeout as pause } from 'node:timers/promises';
import { OwnerGoneError } from '../../../src/api/client.ts';
import { LonghandError } from '../../../src/domain/errors.ts';
import type { JobStatus } from '../../../src/domain/job.ts';
import type { Controlled } from '../../../src/jobs/control.ts';
import type { JobDetails } from '../../../src/jobs/view.ts';
import type { News } from '../../../src/supervisor/news.ts';
import { newsOf } from '../../support/news.ts';
import type { SmallDisk } from '../../support/small-disk.ts';
import { ChaosJob, excuseFor } from './chaos-job.ts';
import type { Diary } from './diary.ts';
import { Finding } from './finding.ts';
import { OwnerLife } from './owner-life.ts';
import type { OwnerProgram } from './owner-process.ts';
import type { Recording } from './recordings.ts';

/** Nothing at all was heard of jobs that should move for so long: they are stuck. Sweeps come every two seconds. */
const STUCK_MS = 60_000;

export interface WorldOptions {
  program: OwnerProgram;
  env: NodeJS.ProcessEnv;
  dataDir: string;
  recordings: readonly Recording[];
  /** Without it writes never fail. */
  disk: SmallDisk | undefined;
  diary: Diary;
}

export class World {
  readonly owner: OwnerLife;
  readonly dataDir: string;
  readonly env: NodeJS.ProcessEnv;
  readonly disk: SmallDisk | undefined;
  readonly diary: Diary;
  /** Handed in one after another, over and over. */
  readonly recordings: readonly Recording[];
  /** Every job that was ever accepted. */
  readonly jobs: ChaosJob[] = [];
  /** Called when a job begins to read its recording. */
  onLoading: ((job: ChaosJob) => void) | undefined;
  readonly #waiting = new Set<() => void>();
  #diskIsFull = false;
  #failure: Finding | Error | undefined;

  constructor({ program, env, dataDir, recordings, disk, diary }: WorldOptions) {
    this.owner = new OwnerLife({ program, env, onUnexpectedEnd: (finding) => this.#fail(finding) });
    this.dataDir = dataDir;
    this.env = env;
    this.disk = disk;
    this.diary = diary;
    this.recordings = recordings;
  }

  /** Jobs that are not complete. */
  get open(): ChaosJob[] {
    return this.jobs.filter((job) => !job.isDone);
  }

  /** Jobs that are being worked on, as last told. */
  get working(): ChaosJob[] {
    return this.jobs.filter(({ status }) => status === 'processing');
  }

  /** Hands the next recording in as a job. */
  async submit(): Promise<ChaosJob> {
    const recording = this.recordings[this.jobs.length % this.recordings.length] as Recording;
    const job = new ChaosJob(this.jobs.length + 1, recording);
    await this.owner.api.post('/api/jobs', { ...recording.submission, id: job.id });
    this.jobs.push(job);
    await this.#follow(job);
    return job;
  }

  /** Starts the next owner, which finds what the last one left, and asks it for every job that is not complete. */
  async startOwner(): Promise<void> {
    await this.owner.start();
    for (const job of this.open) {
      await this.#follow(job);
      if (job.status === 'processing')
        throw new Finding('A new owner left it in work though nobody works on it.', job.id);
      if (job.status === 'pending') await this.resume(job);
    }
  }

  /** Resumes what rests: what was paused or cancelled when its time has come, what failed for a lawful reason. */
  async tend(step: number): Promise<void> {
    for (const job of this.open) {
      if (job.status === 'failed') await this.#judge(job);
      const rests = job.status === 'failed' || job.status === 'paused' || job.status === 'cancelled';
      if (rests && job.restsUntil <= step) await this.resume(job);
    }
  }

  /** Waits for so many pieces of news of any jobs, and then for so many milliseconds. @throws Finding */
  async moment(news: number, delayMs: number): Promise<void> {
    for (let heard = 0; heard < news && this.jobs.some((job) => job.isExpectedToMove); heard += 1) {
      await this.#nextNews();
    }
    await pause(delayMs);
    if (this.#failure) throw this.#failure;
  }

  /** Everything that the owner knows of a job. */
  async details(job: ChaosJob): Promise<JobDetails> {
    return await this.owner.api.get<JobDetails>(`/api/jobs/${job.id}/details`);
  }

  async resume(job: ChaosJob): Promise<void> {
    const before = job.status;
    await this.#unlessMoved(async () => {
      const { runs } = await this.details(job);
      const { from } = await this.owner.api.post<{ from: JobStatus }>(`/api/jobs/${job.id}/resume`);
      if (from !== 'processing') job.forgive(from, runs.length);
      // It may be claimed, and told so, before the answer is here.
      if (job.status === before) job.status = 'pending';
    }, job);
  }

  /** @returns undefined when the job moved meanwhile, so that it could not be */
  async pause(job: ChaosJob): Promise<Controlled | undefined> {
    return await this.#unlessMoved(() => this.owner.api.post<Controlled>(`/api/jobs/${job.id}/pause`), job);
  }

  /** @returns undefined when the job moved meanwhile, so that it could not be */
  async cancel(job: ChaosJob): Promise<Controlled | undefined> {
    const done = await this.#unlessMoved(() => this.owner.api.post<Controlled>(`/api/jobs/${job.id}/cancel`), job);
    if (done) job.status = 'cancelled';
    return done;
  }

  /** From now on writes fail, and a job may fail with them. */
  fillDisk(): void {
    this.#diskIsFull = true;
    for (const job of this.open) job.meetFullDisk();
    this.disk?.fill();
  }

  emptyDisk(): void {
    this.disk?.empty();
    this.#diskIsFull = false;
  }

  /** Resolves when the first news, the job's state, is here. */
  async #follow(job: ChaosJob): Promise<void> {
    const { api } = this.owner;
    await new Promise<void>((resolve) => {
      const listen = async () => {
        for await (const { data } of api.events(`/api/jobs/${job.id}/events`)) {
          const news = newsOf(data);
          if (!news) continue;
          this.#hear(job, news);
          if (news.type === 'state') resolve();
          if (job.isDone) return;
        }
      };
      listen()
        .catch((error) => {
          // The next owner is followed anew.
          if (!(error instanceof OwnerGoneError)) this.#fail(error);
        })
        .finally(resolve);
    });
  }

  #hear(job: ChaosJob, news: News): void {
    const isWorthAStep = job.hear(news);
    if (news.type === 'state' && news.status === 'processing') {
      job.excuses.clear();
      if (this.#diskIsFull) job.meetFullDisk();
    }
    if (news.type === 'progress' && isWorthAStep && news.progress.stage.startsWith('Loading')) this.onLoading?.(job);
    if (isWorthAStep) this.#wake();
  }

  async #judge(job: ChaosJob): Promise<void> {
    const { error } = await this.details(job);
    // It was resumed by now, or never failed.
    if (!error) return;
    const excuse = excuseFor(error.kind, error.message);
    // A full disk ends a run, but never a job.
    if (excuse !== 'ffmpeg' || !job.excuses.has(excuse))
      throw new Finding(`It failed (${error.kind}): ${error.message}`, job.id);
    this.diary.note(`${job} as it may: ${error.message}`);
  }

  /** What an owner refuses because the job is in another state by now is no error. */
  async #unlessMoved<T>(wish: () => Promise<T>, job: ChaosJob): Promise<T | undefined> {
    try {
      return await wish();
    } catch (error) {
      if (!(error instanceof LonghandError) || error.kind !== 'usage') throw error;
      job.status = (await this.details(job)).status;
      return undefined;
    }
  }

  async #nextNews(): Promise<void> {
    if (this.#failure) throw this.#failure;
    let wake: (() => void) | undefined;
    let timer: NodeJS.Timeout | undefined;
    const isStuck = await new Promise<boolean>((resolve) => {
      wake = () => resolve(false);
      this.#waiting.add(wake);
      timer = setTimeout(() => resolve(true), STUCK_MS);
    });
    clearTimeout(timer);
    if (wake) this.#waiting.delete(wake);
    if (this.#failure) throw this.#failure;
    const stuck = this.jobs.filter((job) => job.isExpectedToMove);
    if (isStuck) throw new Finding(`Nothing was heard for ${STUCK_MS / 1000} s of ${stuck.join(', ')}.`, stuck[0]?.id);
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#wake();
  }
}
