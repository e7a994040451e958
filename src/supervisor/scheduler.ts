/**
 * Says which job may start next, and why others wait.
 *
 * Two questions, in this order: may any job start (`queue-gate.ts`), and does this one fit into memory beside those that
 * run (`domain/admission.ts`). What waits for something that nobody tells of (the time of day, the end of a backoff,
 * memory of other programs, space on the disk) is looked at again with every tick.
 */
import { admit, type RunningJob } from '../domain/admission.ts';
import { reportOf } from '../domain/errors.ts';
import { transition } from '../store/jobs.ts';
import { type Candidate, candidates, dueRetries, pausedBy } from '../store/queue.ts';
import type { Store } from '../store/store.ts';
import type { Tell } from './news.ts';
import type { QueueGate } from './queue-gate.ts';

const ACTOR = 'scheduler';
/** So many jobs from the head of the queue are looked at: more than may ever be passed. */
const LOOK_AHEAD = 50;
/** Pauses that end without a person. */
const SELF_RESUMING = ['quiet hours', 'queue'] as const;
/** Between two looks at what nobody tells of. */
const TICK_MS = 1_000;

export interface SchedulerOptions {
  store: Store;
  gate: QueueGate;
  maxConcurrent: number;
  /** What one job could have at best. */
  capacityBytes: number;
  /** Measured: memory that is free, or would be at once. */
  freeBytes(): number;
  /** Memory that all processes of a job need together. */
  needBytes(job: Candidate): Promise<number>;
  /** Jobs at work are to stop at their checkpoints, because the hours for work are over. */
  pauseForHours(): void;
  /** There may be a job to start. */
  wake(): void;
  tell: Tell;
  /** A look failed (a full disk); the next one tries again. */
  onProblem(sentence: string): void;
}

/** A job that may start now. */
export interface Choice {
  jobId: number;
  needBytes: number;
  /** Jobs that come first and are passed, because they do not fit. */
  passed: number[];
}

export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #why = new Map<number, string>();
  /** Why none may start; jobs without a reason of their own wait for that. */
  #closed: string | undefined;
  #waitsForMemory = false;
  /**
   * Who may have paused jobs that go on by themselves: both of them after a start. To look for those jobs takes a while where
   * many are paused, so nobody looks without need.
   */
  readonly #mayHavePaused = new Set(SELF_RESUMING);
  #timer: NodeJS.Timeout | undefined;
  #ticking: Promise<void> | undefined;

  constructor(options: SchedulerOptions) {
    this.#options = options;
  }

  /** Why a job that waits does not run, beyond that others come first; undefined when that is all. */
  whyWaiting(jobId: number): string | undefined {
    return this.#closed ?? this.#why.get(jobId);
  }

  /**
   * The job that may start now.
   * @param running those at work, with the memory that they need and have
   * @param scope `only`: of these alone; undefined: of all that wait. `except`: none of these
   */
  async next(
    running: readonly RunningJob[],
    { only, except }: { only?: readonly number[] | undefined; except: readonly number[] },
  ): Promise<Choice | undefined> {
    const { store, gate, maxConcurrent, capacityBytes, freeBytes, needBytes } = this.#options;
    const found = await candidates(store, { limit: LOOK_AHEAD + except.length, ...(only ? { only } : {}) });
    const heads = found.filter(({ id }) => !except.includes(id));
    this.#closed = await gate.closedBecause();
    if (this.#closed !== undefined) {
      this.#tellWaiting(heads, () => this.#closed);
      return undefined;
    }
    const needs = new Map<string, Promise<number>>();
    const needOf = (job: Candidate) => {
      const kind = JSON.stringify([job.engine, job.smaller_model ?? job.model, job.processes]);
      const known = needs.get(kind) ?? needBytes(job);
      needs.set(kind, known);
      return known;
    };
    const waiting = await Promise.all(
      heads.map(async (job) => ({ id: job.id, passedOver: job.passed_over, needBytes: await needOf(job) })),
    );
    const { start, passed, refused, why } = admit({
      ...{ waiting, running, capacityBytes, maxConcurrent },
      freeBytes: freeBytes(),
    });
    this.#waitsForMemory = start === undefined && why.size > refused.length;
    this.#tellWaiting(heads, (id) => why.get(id));
    for (const id of refused) await this.#refuse(id, why.get(id) as string);
    if (start === undefined) return undefined;
    return { jobId: start, needBytes: waiting.find(({ id }) => id === start)?.needBytes ?? 0, passed };
  }

  /** Looks every second at what nobody tells of. Idempotent. */
  start(): void {
    if (this.#timer) return;
    this.#timer = setInterval(() => void this.#tickInTurn(), TICK_MS);
    this.#timer.unref();
  }

  /** Resolves when no look is under way and none will come. Idempotent. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#ticking;
  }

  /** Jobs were paused that go on by themselves. */
  notePaused(): void {
    for (const pauser of SELF_RESUMING) this.#mayHavePaused.add(pauser);
  }

  /** One look: the time of day, ends of backoffs, the disk, memory. */
  async tick(): Promise<void> {
    const { gate, pauseForHours, wake } = this.#options;
    let changed = await this.#retryDue();
    if (!gate.isOpenHour) {
      this.notePaused();
      pauseForHours();
    } else if (this.#mayHavePaused.size > 0) {
      changed = (await this.#goOn()) || changed;
    }
    changed = (await gate.resumeWhenSpace()) || changed;
    if (changed || this.#waitsForMemory || (await this.#mayHaveOpened())) wake();
  }

  /** Whether none might start when somebody last asked, and that is so no more, or for another reason. */
  async #mayHaveOpened(): Promise<boolean> {
    return this.#closed !== undefined && (await this.#options.gate.closedBecause()) !== this.#closed;
  }

  async #tickInTurn(): Promise<void> {
    if (this.#ticking) return;
    this.#ticking = this.tick()
      .catch((error) => this.#options.onProblem(`The queue could not be looked at: ${reportOf(error).message}`))
      .finally(() => {
        this.#ticking = undefined;
      });
    await this.#ticking;
  }

  async #retryDue(): Promise<boolean> {
    const { store } = this.#options;
    let any = false;
    for (const id of await dueRetries(store)) {
      any = (await this.#move(id, { from: ['retrying'], actor: ACTOR, reason: 'The wait is over' })) || any;
    }
    return any;
  }

  /** Jobs that the clock or the pause of the queue has paused go on. */
  async #goOn(): Promise<boolean> {
    const { store, gate } = this.#options;
    let any = false;
    const goOn = async (pauser: (typeof SELF_RESUMING)[number], reason: string) => {
      for (const id of await pausedBy(store, pauser)) {
        any = (await this.#move(id, { from: ['paused'], actor: ACTOR, reason, pausedBy: pauser })) || any;
      }
    };
    // One that is paused while this looks is noted again, and found by the next look.
    const pausers = new Set(this.#mayHavePaused);
    this.#mayHavePaused.clear();
    try {
      if (pausers.has('quiet hours')) await goOn('quiet hours', 'The hours for work have begun');
      if (pausers.has('queue')) {
        if (await gate.pause()) this.#mayHavePaused.add('queue');
        else await goOn('queue', 'The queue goes on');
      }
    } catch (error) {
      this.notePaused();
      throw error;
    }
    return any;
  }

  async #move(id: number, how: Parameters<typeof transition>[3]): Promise<boolean> {
    const { store, tell } = this.#options;
    const won = await transition(store, id, 'pending', how);
    if (won) tell({ type: 'state', jobId: id, status: 'pending' });
    return won;
  }

  async #refuse(id: number, why: string): Promise<void> {
    const { store, tell } = this.#options;
    const won = await transition(store, id, 'failed', {
      from: ['pending'],
      actor: ACTOR,
      reason: why,
      set: { error_kind: 'memory', error_message: why, error_remedy: refusedRemedy(id) },
    });
    if (won) tell({ type: 'state', jobId: id, status: 'failed' });
  }

  /** Whoever follows a job hears why it waits: once, and not again with every megabyte that comes and goes. */
  #tellWaiting(heads: readonly Candidate[], reasonOf: (id: number) => string | undefined): void {
    const before = new Map(this.#why);
    this.#why.clear();
    for (const { id } of heads) {
      const why = reasonOf(id);
      if (why === undefined) continue;
      this.#why.set(id, why);
      const known = before.get(id);
      const isNew = known === undefined || (why === this.#closed && why !== known);
      if (isNew) this.#options.tell({ type: 'waiting', jobId: id, why });
    }
  }
}

/** A retry keeps the model and the processes that were asked for, so these take a job of their own. */
function refusedRemedy(id: number): string {
  return (
    'Hand the recording in again with another --model or fewer --processes; or set MAX_MEMORY_PER_TRANSCRIPTION higher, ' +
    `where the machine has it, then: longhand retry ${id}`
  );
}
