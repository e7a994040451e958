/**
 * A queue in fast motion: the real store, scheduler, gate and settlement, with runs that are nothing but a length and an
 * end, and a clock that jumps from one moment at which something happens to the next.
 */
import { expect } from 'vitest';
import { MAX_PASSES } from '../../src/domain/admission.ts';
import { EngineError, LonghandError, reportOf } from '../../src/domain/errors.ts';
import { isAtRest } from '../../src/domain/job.ts';
import type { RunOutcome, StopReason } from '../../src/domain/outcome.ts';
import { type ControlContext, cancel, pause } from '../../src/jobs/control.ts';
import { resume } from '../../src/jobs/resume.ts';
import { newLease } from '../../src/lease/lease.ts';
import { listPage } from '../../src/store/job-list.ts';
import { finishJob, getJob, insertJob } from '../../src/store/jobs.ts';
import { type Candidate, type Claimed, candidates, claimNext, waiting } from '../../src/store/queue.ts';
import { pauseQueue, resumeQueue } from '../../src/store/queue-state.ts';
import type { Store } from '../../src/store/store.ts';
import { QueueGate } from '../../src/supervisor/queue-gate.ts';
import { Scheduler } from '../../src/supervisor/scheduler.ts';
import { type RetryRules, settle } from '../../src/supervisor/settle.ts';
import type { TestClock } from '../store/support.ts';

const GB = 1024 ** 3;
const CAPACITY_BYTES = 8 * GB;
const NEEDS: Readonly<Record<string, number>> = { large: 6 * GB, medium: 4 * GB, small: 1 * GB };
const SMALLER: Readonly<Record<string, string>> = { large: 'medium', medium: 'small' };
const MAX_CONCURRENT = 3;
const DISK = { freeBytes: 10 * GB, totalBytes: 100 * GB };

interface SimulatedRun {
  claimed: Claimed;
  needBytes: number;
  endsAt: number;
  outcome: RunOutcome;
}

/** What happened, for whoever wants to know that the simulation was not an idle one. */
export interface Tally {
  started: number;
  completed: number;
  failed: number;
  cancelled: number;
  retried: number;
  passes: number;
  restarts: number;
  queuePauses: number;
  pauses: number;
  diskFull: number;
}

export interface SimulationOptions {
  store: Store;
  clock: TestClock;
  dice(): number;
  jobs: number;
}

export class Simulation {
  readonly tally: Tally = {
    ...{ started: 0, completed: 0, failed: 0, cancelled: 0, retried: 0 },
    ...{ passes: 0, restarts: 0, queuePauses: 0, pauses: 0, diskFull: 0 },
  };
  readonly #options: SimulationOptions;
  readonly #running = new Map<number, SimulatedRun>();
  readonly #rules: RetryRules;
  #free = DISK.freeBytes;
  #gate: QueueGate;
  #scheduler: Scheduler;
  #submitted = 0;

  constructor(options: SimulationOptions) {
    this.#options = options;
    this.#gate = this.#newGate();
    this.#scheduler = this.#newScheduler();
    this.#rules = {
      maxRetries: 3,
      dice: options.dice,
      smallerModel: async ({ model, smaller_model }) => {
        const smaller = SMALLER[smaller_model ?? model];
        return smaller ? { model: smaller } : { problem: 'There is none.' };
      },
      diskFull: async (error) => {
        this.tally.diskFull += 1;
        this.#free = 0;
        await this.#gate.diskFull(error);
      },
    };
  }

  /** To the end of the last job. */
  async run(): Promise<Tally> {
    const { jobs, dice } = this.#options;
    const batch = Math.ceil(jobs / 20);
    for (let turns = 0; ; turns += 1) {
      if (turns > 40 * jobs) throw new Error('It never ends.');
      if (this.#submitted < jobs && (turns % 50 === 0 || this.#running.size === 0))
        await this.#submit(Math.min(batch, jobs - this.#submitted));
      if (dice() < 0.3 && this.#submitted > 0) await this.#somebodyActs();
      await this.#startAll();
      const more = await this.#nextMoment();
      if (!more && this.#submitted === jobs) {
        if (await this.#allOver()) return this.tally;
        await this.#letGo();
      }
    }
  }

  async #submit(count: number): Promise<void> {
    const { store, clock, dice } = this.#options;
    for (let index = 0; index < count; index += 1) {
      const model = pick(dice, Object.keys(NEEDS));
      await insertJob(store, { filename: 'a.flac', model, priority: Math.floor(dice() * 5) - 2, actor: 'user' });
      this.#submitted += 1;
      clock.advance(Math.floor(dice() * 50));
    }
  }

  async #startAll(): Promise<void> {
    const { store, clock, dice } = this.#options;
    for (;;) {
      if (this.#running.size >= MAX_CONCURRENT) return;
      const running = [...this.#running.values()].map(({ needBytes }) => ({ needBytes, usedBytes: needBytes }));
      const choice = await this.#scheduler.next(running, { except: [...this.#running.keys()] });
      if (!choice) return;
      await this.#expectFair(choice.jobId, choice.passed);
      const claimed = await claimNext(store, {
        ...newLease(clock, 'here'),
        only: [choice.jobId],
        passed: choice.passed,
      });
      if (!claimed) throw new Error('Nobody else could have taken it.');
      expect(this.#running.has(claimed.job.id), 'none runs twice at once').toBe(false);
      this.#running.set(claimed.job.id, {
        claimed,
        needBytes: choice.needBytes,
        endsAt: clock.now() + 1000 + Math.floor(dice() ** 3 * 3_600_000),
        outcome: outcomeOf(dice),
      });
      this.tally.started += 1;
      this.tally.passes += choice.passed.length;
      const used = [...this.#running.values()].reduce((sum, run) => sum + run.needBytes, 0);
      expect(used, 'memory is not promised twice').toBeLessThanOrEqual(CAPACITY_BYTES);
    }
  }

  /** Whoever starts is the first, but for those that do not fit, and none of those was passed too often. */
  async #expectFair(jobId: number, passed: readonly number[]): Promise<void> {
    const queue = await candidates(this.#options.store, { limit: passed.length + 1 });
    expect(queue.map(({ id }) => id)).toEqual([...passed, jobId]);
    for (const { id, passed_over } of queue) if (id !== jobId) expect(passed_over).toBeLessThan(MAX_PASSES);
  }

  /** Goes to the next moment at which something happens. @returns false when nothing will, by itself */
  async #nextMoment(): Promise<boolean> {
    const { clock, store } = this.#options;
    const next = [...this.#running.values()].sort((a, b) => a.endsAt - b.endsAt)[0];
    const retrying = await store.db
      .selectFrom('transcription_queue as q')
      .innerJoin('transcription_jobs as j', 'j.id', 'q.job_id')
      .where('q.started_at', 'is not', null)
      .where('j.status', '=', 'retrying')
      .select(({ fn }) => fn.min('q.not_before').as('at'))
      .executeTakeFirst();
    const moments = [next?.endsAt, retrying?.at ?? undefined].filter((at) => at !== undefined);
    if (this.#free === 0) moments.push(clock.now() + 60_000);
    if (moments.length === 0) return false;
    clock.advance(Math.max(0, Math.min(...moments) - clock.now()));
    if (this.#free === 0 && this.#options.dice() < 0.5) this.#free = DISK.freeBytes;
    if (next && next.endsAt <= clock.now()) await this.#end(next, next.outcome);
    await this.#scheduler.tick();
    return true;
  }

  async #end({ claimed }: SimulatedRun, outcome: RunOutcome): Promise<void> {
    const { store } = this.#options;
    const { id } = claimed.job;
    const result = { transcript: 'text', elapsedSeconds: 1, speed: 1 };
    if (outcome.type === 'completed') await finishJob(store, id, claimed.run.lease_token, result);
    await settle(store, this.#rules, claimed, { outcome, usage: undefined, elapsedSeconds: 1 }, '');
    this.#running.delete(id);
    const job = await getJob(store, id);
    if (job?.status === 'retrying') this.tally.retried += 1;
    if (job?.status === 'paused') this.#scheduler.notePaused();
  }

  /** A person, or the power supply. */
  async #somebodyActs(): Promise<void> {
    const { store, dice } = this.#options;
    const running = [...this.#running.keys()];
    const id = dice() < 0.5 && running.length > 0 ? pick(dice, running) : 1 + Math.floor(dice() * this.#submitted);
    const control: ControlContext = { store, stop: (jobId, why) => this.#stop(jobId, why) } as ControlContext;
    const what = dice();
    if (what < 0.3) await this.#asked(() => pause(control, id));
    else if (what < 0.6) await this.#asked(() => resume(store, id));
    else if (what < 0.7) await this.#asked(() => cancel(control, id));
    else if (what < 0.8) this.tally.queuePauses += Number(await pauseQueue(store, { by: 'user', actor: 'user' }));
    else if (what < 0.95) await this.#letGo();
    else await this.#restart();
    await this.#endStopped();
  }

  readonly #stopped = new Map<number, StopReason>();

  #stop(jobId: number, why: StopReason): boolean {
    if (!this.#running.has(jobId)) return false;
    this.#stopped.set(jobId, why);
    return true;
  }

  async #endStopped(): Promise<void> {
    for (const [jobId, why] of this.#stopped) {
      const run = this.#running.get(jobId);
      if (run) await this.#end(run, { type: 'stopped', why });
      this.tally.pauses += Number(why === 'pause');
    }
    this.#stopped.clear();
  }

  async #asked(act: () => Promise<unknown>): Promise<void> {
    try {
      await act();
    } catch (error) {
      if (!(error instanceof LonghandError)) throw error;
    }
  }

  /** The owner ends as politely as it can, and another begins. */
  async #restart(): Promise<void> {
    this.tally.restarts += 1;
    for (const run of [...this.#running.values()]) await this.#end(run, { type: 'stopped', why: 'shutdown' });
    this.#gate = this.#newGate();
    this.#scheduler = this.#newScheduler();
    await this.#scheduler.tick();
  }

  /** Everything that waits for a person goes on. */
  async #letGo(): Promise<void> {
    const { store } = this.#options;
    await resumeQueue(store, { by: 'user', actor: 'user' });
    const { jobs } = await listPage(store, { status: ['paused'] }, { sort: 'newest', limit: 100 });
    for (const { id } of jobs) await this.#asked(() => resume(store, id));
  }

  async #allOver(): Promise<boolean> {
    const { store } = this.#options;
    const open = ['pending', 'processing', 'retrying', 'paused'] as const;
    for (const status of open) {
      if ((await listPage(store, { status: [status] }, { sort: 'newest', limit: 1 })).jobs.length > 0) return false;
    }
    expect(await waiting(store)).toEqual([]);
    const rows = await store.db.selectFrom('transcription_jobs').select(['status', 'id']).execute();
    expect(rows).toHaveLength(this.#options.jobs);
    for (const { status } of rows) {
      expect(isAtRest(status)).toBe(true);
      if (status === 'completed' || status === 'failed' || status === 'cancelled') this.tally[status] += 1;
    }
    return true;
  }

  #newGate(): QueueGate {
    const { store, clock } = this.#options;
    return new QueueGate({ store, clock, diskSpace: async () => ({ ...DISK, freeBytes: this.#free }) });
  }

  #newScheduler(): Scheduler {
    return new Scheduler({
      store: this.#options.store,
      gate: this.#gate,
      maxConcurrent: MAX_CONCURRENT,
      capacityBytes: CAPACITY_BYTES,
      freeBytes: () => CAPACITY_BYTES - [...this.#running.values()].reduce((sum, run) => sum + run.needBytes, 0),
      needBytes: async ({ model, smaller_model }: Candidate) => NEEDS[smaller_model ?? model] as number,
      pauseForHours: () => {},
      wake: () => {},
      tell: () => {},
      onProblem: (sentence) => {
        throw new Error(sentence);
      },
    });
  }
}

function outcomeOf(dice: () => number): RunOutcome {
  const failed = (kind: 'network' | 'memory' | 'input' | 'model' | 'disk'): RunOutcome => ({
    type: 'failed',
    error: { kind, message: `It failed: ${kind}.` },
  });
  const what = dice();
  if (what < 0.8) return { type: 'completed' };
  if (what < 0.86)
    return { type: 'crashed', code: null, signal: 'SIGSEGV', error: reportOf(new EngineError('It died.')) };
  if (what < 0.91) return failed('network');
  if (what < 0.95) return failed('memory');
  if (what < 0.97) return failed('model');
  if (what < 0.975) return failed('disk');
  return failed('input');
}

function pick<T>(dice: () => number, among: readonly T[]): T {
  return among[Math.floor(dice() * among.length)] as T;
}
