/**
 * How fast work goes on this machine, learned from the runs it has done, and what that says of runs to come.
 *
 * A run teaches the time that its engine workers took for its chunks, as if it had had the machine to itself: what other
 * runs took from it is taken off, and what those beside a run to come will take from it is put on top.
 */
import { aloneShare, type CoreLoad, type Occupied } from '../domain/contention.ts';
import { type LearnedSpeed, learnedFactor, RECENT_RUNS, type SpeedSample } from '../domain/estimate.ts';
import { withinCores } from '../domain/within-cores.ts';
import type { Engine } from '../engines/engine.ts';
import { askedIn } from '../pipeline/asked.ts';
import type { Outlook } from '../pipeline/order.ts';
import { speechProgress } from '../store/chunks.ts';
import { getActiveJobs } from '../store/jobs.ts';
import { candidates } from '../store/queue.ts';
import { type WaitingGroup, waitingInSum } from '../store/queue-outlook.ts';
import type { JobRow } from '../store/schema.ts';
import { type MeasuredRun, measuredModels, measuredRuns, type RunTime, runTimes } from '../store/speeds.ts';
import type { Store } from '../store/store.ts';

/** Runs that are looked through for those with the same engine workers and threads. */
const RUNS_LOOKED_AT = 4 * RECENT_RUNS;
/** Runs whose ids are further apart are taken not to have run at the same time. */
const NEIGHBOURS = 64;
const NEIGHBOURS_IN_ALL = 1000;
const SUM_FRESH_MS = 30_000;
/** Chunks are cut from audio of this rate (`audio/loudness.ts`). */
const SAMPLE_RATE_HZ = 16_000;
/** The model of a job for which it will be chosen once it was heard: it may be any that was taken before. */
const UNDECIDED = 'auto';
/** About what passes from the claim of a job to its first chunk: a process starts, a recording of some minutes is decoded. */
export const START_SECONDS = 1.5;

/** The work of a job, as far as its speed depends on it. */
export interface Work {
  engine: string | null;
  model: string;
  processes: number;
  workers: number;
}

export interface EstimatesOptions {
  store: Store;
  /** The name of this machine, as runs have it. */
  machine: string;
  /** Cores of this machine. */
  cores: number;
  /** Cores that one job may use. */
  coresPerJob: number;
  /** MAX_CONCURRENT_TRANSCRIPTIONS. */
  maxConcurrent: number;
  engines: readonly Engine[];
  /** The jobs that may run; undefined: all that wait. */
  wanted?(): readonly number[] | undefined;
}

export class Estimates {
  readonly #options: EstimatesOptions;
  readonly #learned = new Map<string, Promise<LearnedSpeed>>();
  #sum: { at: number; groups: Promise<WaitingGroup[]> } | undefined;

  constructor(options: EstimatesOptions) {
    this.#options = options;
  }

  /** Cores of this machine. */
  get cores(): number {
    return this.#options.cores;
  }

  /**
   * All that wait, summed up. It takes a while to sum up a hundred thousand jobs, and a few more or less change little about
   * when they will all be done: so it may be as old as half a minute.
   */
  async waitingInSum(): Promise<WaitingGroup[]> {
    const { store } = this.#options;
    const now = store.clock.monotonicMs();
    if (!this.#sum || now - this.#sum.at > SUM_FRESH_MS) {
      this.#sum = { at: now, groups: waitingInSum(store) };
      this.#sum.groups.catch(() => {
        this.#sum = undefined;
      });
    }
    return await this.#sum.groups;
  }

  /** A run has ended: what was learned before may be out of date. */
  forget(): void {
    this.#learned.clear();
  }

  /**
   * The speed of some work with the machine to itself: seconds for a second of speech, all engine workers together. From
   * the last runs with the same engine, model, engine workers and threads; without any, the engine's guess.
   */
  learned(work: Work): Promise<LearnedSpeed> {
    const { processes, workers } = this.#share(work);
    const key = JSON.stringify([work.engine, work.model, processes, workers]);
    let learned = this.#learned.get(key);
    if (!learned) {
      learned = this.#learn({ ...work, processes, workers });
      this.#learned.set(key, learned);
      learned.catch(() => this.#learned.delete(key));
    }
    return learned;
  }

  /** Cores that some work keeps busy when it is alone. */
  coresOf({ engine, ...threads }: Omit<Work, 'model'>): number {
    const { processes, workers } = this.#share(threads);
    return processes * (this.#engine(engine)?.coresOf?.(workers) ?? workers);
  }

  /** Seconds of work that a recording of some length is expected to take, with the machine to itself. */
  async secondsFor(work: Work, audioSeconds: number): Promise<number> {
    const { factor } = await this.learned(work);
    return START_SECONDS + audioSeconds * factor;
  }

  /** What a run of a job is told beforehand. Which model it takes may be decided only once it was heard. */
  async outlookFor(job: JobRow): Promise<Outlook> {
    const work = { ...job, model: job.smaller_model ?? job.model };
    const [load, models, secondsLeft] = await Promise.all([
      this.#loadOf(job),
      this.#models(work),
      this.#speechLeft(job),
    ]);
    const speeds = models.map(async (model) => {
      const { factor, weight } = await this.learned({ ...work, model });
      return { model, factor, weight };
    });
    return { speeds: await Promise.all(speeds), load, ...(secondsLeft === undefined ? {} : { secondsLeft }) };
  }

  /** The expected one first, then all that were ever measured. */
  async #models({ engine, model }: Work): Promise<string[]> {
    const { store, machine } = this.#options;
    const measured = engine ? await measuredModels(store, { machine, engine }) : [];
    return [model, ...measured.filter((other) => other !== model)];
  }

  async #speechLeft({ id, duration_minutes }: JobRow): Promise<number | undefined> {
    const { speechSamples, committedSpeechSamples } = await speechProgress(this.#options.store, id);
    if (speechSamples > 0) return (speechSamples - committedSpeechSamples) / SAMPLE_RATE_HZ;
    return duration_minutes > 0 ? duration_minutes * 60 : undefined;
  }

  /** By the jobs that run, and by those that will start beside it in a moment. */
  async #loadOf(job: JobRow): Promise<CoreLoad> {
    const { store, cores, maxConcurrent, wanted } = this.#options;
    const running = (await getActiveJobs(store)).filter(({ id }) => id !== job.id).slice(0, maxConcurrent - 1);
    const free = maxConcurrent - 1 - running.length;
    const only = wanted?.();
    const next = free > 0 ? await candidates(store, { limit: free, ...(only ? { only } : {}) }) : [];
    const others = [...running, ...next.map((candidate) => ({ ...candidate, workers: workersOf(candidate) }))];
    return {
      cores,
      perWorker: this.coresOf(job) / this.#share(job).processes,
      beside: others.map((other) => this.coresOf(other)),
    };
  }

  async #learn({ engine, model, processes, workers }: Work): Promise<LearnedSpeed> {
    const { store, machine } = this.#options;
    const seed = this.#engine(engine)?.seedRealtimeFactor(model, processes) ?? 1;
    if (engine === null) return learnedFactor([], seed);
    const models = model === UNDECIDED ? await measuredModels(store, { machine, engine }) : [model];
    const ofEach = models.map((name) =>
      measuredRuns(store, { machine, engine, model: name }, { limit: RUNS_LOOKED_AT }),
    );
    const runs = (await Promise.all(ofEach)).flat().sort((a, b) => a.id - b.id);
    const same = runs.filter((run) => run.processes === processes && run.workers === workers);
    // Others say more than a guess does.
    const alike = (same.length > 0 ? same : runs).slice(-RECENT_RUNS);
    const first = alike[0];
    const last = alike.at(-1);
    if (!first || !last) return learnedFactor([], seed);
    const times = await runTimes(store, machine, {
      from: first.id - NEIGHBOURS,
      to: last.id + NEIGHBOURS,
      limit: NEIGHBOURS_IN_ALL,
    });
    return learnedFactor(
      alike.map((run) => this.#sampleOf(run, times, { engine, model, processes, workers })),
      seed,
    );
  }

  /** A run with fewer cores than the work will have taught how long it would take with as many. */
  #sampleOf(run: MeasuredRun, times: readonly RunTime[], work: Work): SpeedSample {
    const { engine } = work;
    const beside = times.filter(({ id }) => id !== run.id && Math.abs(id - run.id) <= NEIGHBOURS);
    const share = aloneShare(
      this.#occupiedBy({ ...run, engine }),
      beside.map((other) => this.#occupiedBy(other)),
      this.#options.cores,
    );
    const [had, has] = [this.coresOf({ engine, ...threadsOf(run) }), this.coresOf(work)];
    const workSeconds = (run.work_seconds * share * (has > 0 ? had / has : 1)) / threadsOf(run).processes;
    return { audioSeconds: run.speech_seconds, workSeconds };
  }

  #occupiedBy({ engine, started_at, ended_at, ...run }: RunTime): Occupied {
    return { fromMs: started_at, toMs: ended_at ?? Infinity, cores: this.coresOf({ engine, ...threadsOf(run) }) };
  }

  #engine(name: string | null): Engine | undefined {
    return this.#options.engines.find((engine) => engine.name === name);
  }

  #share({ processes, workers }: Pick<Work, 'processes' | 'workers'>) {
    return withinCores(processes, workers, this.#options.coresPerJob);
  }
}

function threadsOf({ processes, workers }: Pick<RunTime, 'processes' | 'workers'>) {
  return { processes: processes ?? 1, workers: workers ?? 1 };
}

function workersOf({ parameters }: { parameters: string | null }): number {
  return askedIn(parameters).workers ?? 1;
}
