/**
 * Empties the outbox: tells those who wanted to know.
 *
 * What is to be told is in the store (notification-outbox.ts) and stays there until somebody has taken it, so each is told
 * at least once; a process that ends between the answer and its record tells it again, with the same id. Different
 * destinations are told side by side, one destination one after another: a dead one holds up nobody else. One that fails
 * again and again rests for a while (circuit-breaker.ts).
 */
import { CircuitBreaker } from '../domain/circuit-breaker.ts';
import type { Clock } from '../domain/clock.ts';
import { reportOf } from '../domain/errors.ts';
import type { LogLevel } from '../domain/log-level.ts';
import { nextTryAt } from '../domain/notification.ts';
import {
  type Due,
  dueDeliveries,
  forgetDeliveries,
  nextDueAt,
  noteTry,
  pendingDelivery,
} from '../store/notification-deliveries.ts';
import type { Store } from '../store/store.ts';
import type { Outcome } from './outcome.ts';

/** Destinations told at the same time. */
const MAX_AT_ONCE = 8;
const LOOK_AHEAD = 64;
const TICK_MS = 1_000;
/** Between two looks when nothing was heard: what is due is known, but somebody may have forgotten to say so. */
const LOOK_EVERY_MS = 30_000;
/** What is under way at the end may take so long; what is cut off is told again by the next owner. */
const STOP_GRACE_MS = 5_000;
const FORGET_EVERY_MS = 24 * 3_600_000;
/** How long the log of deliveries goes back. */
const KEEP_MS = 30 * 24 * 3_600_000;

export interface NotifierOptions {
  store: Store;
  clock: Clock;
  /** A number from 0 up to 1. */
  dice(): number;
  /** Tells one receiver. Rejects with the signal's reason when it aborts. */
  send(due: Due, signal: AbortSignal): Promise<Outcome>;
  /** For Longhand's own log. */
  log(level: LogLevel, sentence: string): void;
  stopGraceMs?: number;
}

export class Notifier {
  readonly #options: NotifierOptions;
  readonly #breaker: CircuitBreaker;
  /** Destinations that are being told something, with what is under way there. */
  readonly #busy = new Map<string, Promise<void>>();
  readonly #abort = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #lookAgain = false;
  #lookAt = 0;
  #forgetAt = 0;
  #stopped: Promise<void> | undefined;

  constructor(options: NotifierOptions) {
    this.#options = options;
    this.#breaker = new CircuitBreaker(options.clock.now);
  }

  /** Begins with what an owner before has left. Idempotent. */
  start(): void {
    if (this.#timer || this.#stopped) return;
    this.#timer = setInterval(() => this.tick(), TICK_MS);
    this.#timer.unref();
    this.tick();
  }

  /** There may be something to tell. Before the start and after the stop it is left to others. */
  wake(): void {
    if (!this.#timer || this.#abort.signal.aborted) return;
    this.#lookAgain = true;
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
      if (this.#lookAgain) this.wake();
    });
  }

  /** Looks whether something has become due. */
  tick(): void {
    const now = this.#options.clock.now();
    if (now >= this.#lookAt) this.wake();
    if (now >= this.#forgetAt) void this.#forget(now);
  }

  /** Tries one delivery now, whatever rests, and not again when it fails. */
  async tryOnce(deliveryId: number): Promise<void> {
    const due = await pendingDelivery(this.#options.store, deliveryId);
    if (due) await this.#tell(due, { again: false });
  }

  /** Resolves when nothing is looked for or under way. For trials. */
  async settled(): Promise<void> {
    while (this.#looking || this.#busy.size > 0) await Promise.all([this.#looking, ...this.#busy.values()]);
  }

  /** Tells what is due by now, if that takes no longer than 5 s. Idempotent. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    clearInterval(this.#timer);
    const grace = new AbortController();
    const { clock, stopGraceMs = STOP_GRACE_MS } = this.#options;
    const cutOff = () => this.#abort.abort(new Error('The service stops.'));
    const patience = clock.sleep(stopGraceMs, grace.signal).then(cutOff, () => undefined);
    await this.settled();
    grace.abort();
    await patience;
    cutOff();
  }

  async #look(): Promise<void> {
    const { store, clock } = this.#options;
    try {
      while (this.#lookAgain) {
        this.#lookAgain = false;
        const resting = this.#breaker.resting();
        const except = () => [...resting.keys(), ...this.#busy.keys()];
        for (const due of await dueDeliveries(store, { except: except(), limit: LOOK_AHEAD })) this.#begin(due);
        const next = await nextDueAt(store, except());
        const soonest = Math.min(next ?? Number.POSITIVE_INFINITY, ...resting.values());
        this.#lookAt = Math.min(soonest, clock.now() + LOOK_EVERY_MS);
      }
    } catch (error) {
      this.#problem(error);
    }
  }

  #begin(due: Due): void {
    const { destination } = due;
    if (this.#abort.signal.aborted || this.#busy.size >= MAX_AT_ONCE || this.#busy.has(destination)) return;
    const told = this.#tell(due, { again: true })
      .catch((error) => {
        // Told or not, it could not be written down: without a rest it would be told again and again.
        this.#breaker.trip(destination);
        this.#problem(error);
      })
      .finally(() => {
        this.#busy.delete(destination);
        this.wake();
      });
    this.#busy.set(destination, told);
  }

  async #tell(due: Due, { again }: { again: boolean }): Promise<void> {
    const { store, clock, dice, send, log } = this.#options;
    let outcome: Outcome;
    try {
      outcome = await send(due, this.#abort.signal);
    } catch (error) {
      // Cut off: it stays in the outbox.
      if (this.#abort.signal.aborted) return;
      outcome = { delivered: false, error: `It could not be sent: ${reportOf(error).message}` };
    }
    const tries = due.tries + 1;
    const mayTryAgain = again && !outcome.delivered && !outcome.final;
    const nextAt = mayTryAgain ? nextTryAt({ tries, createdAt: due.created_at, now: clock.now() }, dice) : undefined;
    await noteTry(store, due.id, { ...outcome, nextAt });
    // One that takes no more of it, or an address that must not be called, says nothing about the next.
    if (outcome.delivered || outcome.final) this.#breaker.succeeded(due.destination);
    else this.#breaker.failed(due.destination);
    log(...lineOf(due, outcome, { tries, over: nextAt === undefined }));
  }

  async #forget(now: number): Promise<void> {
    this.#forgetAt = now + FORGET_EVERY_MS;
    await forgetDeliveries(this.#options.store, now - KEEP_MS).catch((error) => this.#problem(error));
  }

  #problem(error: unknown): void {
    this.#lookAt = this.#options.clock.now() + LOOK_EVERY_MS;
    this.#options.log('WARNING', `Notifications could not be looked after: ${reportOf(error).message}`);
  }
}

function lineOf(
  { event_id, event, kind, destination }: Due,
  { delivered, error }: Outcome,
  { tries, over }: { tries: number; over: boolean },
): [LogLevel, string] {
  const what = `${event} (${event_id}) to ${kind === 'email' ? 'an e-mail address' : destination}`;
  if (delivered) return ['INFO', `Told ${what}`];
  const failed = `Try ${tries} to tell ${what} failed: ${error}`;
  return over ? ['WARNING', `${failed} Given up.`] : ['INFO', failed];
}
