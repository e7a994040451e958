/** What becomes of a job when the page that started it is left: it goes on, or it is cancelled. */
import { type Clock, systemClock } from '../domain/clock.ts';
import { UsageError } from '../domain/errors.ts';
import { awaitsPerson, type JobStatus, type OnLeave } from '../domain/job.ts';
import { transition } from '../store/jobs.ts';
import { jobsOfPages, type PageJob } from '../store/page-leave.ts';
import type { ControlContext } from './control.ts';

/** A page that stays closed for so long is left. One that is loaded anew, or whose connection breaks, is back before. */
export const LEAVE_MS = 60_000;
/** Between two looks. */
const LOOK_MS = 5_000;
const ACTOR = 'owner';
const REASON = 'The page that started it was closed';
/** A cancelled job's work is not waited for. */
const NO_GRACE_MS = 0;

/** What a page says of itself when it hands a recording in. */
export interface PageWish {
  clientId?: string | undefined;
  onLeave?: OnLeave | undefined;
}

/**
 * What is kept of it with the job.
 * @param byDefault what holds for pages that do not say
 * @throws UsageError when nobody could know whether the page is open
 */
export function pageLeaveOf(
  { clientId, onLeave }: PageWish,
  byDefault: OnLeave = 'continue',
): { clientId?: string; onLeave?: 'cancel' } {
  if (clientId === undefined) {
    if (onLeave !== 'cancel') return {};
    throw new UsageError(
      'onLeave is "cancel", but there is no clientId.',
      'Give the page a clientId, and open its streams of events with the same one.',
    );
  }
  return { clientId, ...((onLeave ?? byDefault) === 'cancel' ? { onLeave: 'cancel' } : {}) };
}

export interface PageLeaveOptions extends ControlContext {
  clock?: Clock;
  /** The page that a job was started from: whether it is open, and when it was closed last, by `monotonicMs`. */
  pageOf(job: PageJob): { isOpen: boolean; closedAt: number | undefined };
  /** A job is cancelled; unless its run is still on its way to the end and tells it then. */
  onCancelled(jobId: number): void;
  onError(error: unknown): void;
}

/**
 * Cancels jobs whose pages stay closed for 60 s: counted from the moment at which a page was first seen closed, so from the
 * start of the service at the earliest. A job that rests until a person acts on it is left as it is.
 */
export class PageLeave {
  readonly #options: PageLeaveOptions;
  readonly #clock: Clock;
  /** Since when the page of a job is closed, by `monotonicMs`. */
  readonly #closedSince = new Map<number, number>();
  readonly #stopping = new AbortController();
  #looking: Promise<void> | undefined;

  constructor(options: PageLeaveOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  start(): void {
    this.#looking ??= this.#keepLooking();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#looking;
  }

  async #keepLooking(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await this.look().catch(this.#options.onError);
      await this.#clock.sleep(LOOK_MS, signal).catch((error) => {
        if (!signal.aborted) throw error;
      });
    }
  }

  /** Looks once. */
  async look(): Promise<void> {
    const { store, pageOf } = this.#options;
    const now = this.#clock.monotonicMs();
    const jobs = (await jobsOfPages(store)).filter((job) => !awaitsPerson(job.status, job.paused_by));
    const closed = jobs.flatMap((job) => {
      const { isOpen, closedAt = 0 } = pageOf(job);
      // It may have been open for a moment between two looks.
      return isOpen ? [] : [{ ...job, since: Math.max(this.#closedSince.get(job.id) ?? now, closedAt) }];
    });
    this.#closedSince.clear();
    for (const { id, since } of closed) this.#closedSince.set(id, since);
    for (const { id, status, since } of closed) if (now - since >= LEAVE_MS) await this.#cancel(id, status);
  }

  async #cancel(id: number, from: JobStatus): Promise<void> {
    const { store, stop, onCancelled } = this.#options;
    const set = { on_leave: null };
    // When it has changed since, the next look sees to it.
    if (!(await transition(store, id, 'cancelled', { from: [from], actor: ACTOR, reason: REASON, set }))) return;
    if (!stop(id, 'cancel', NO_GRACE_MS)) onCancelled(id);
  }
}
