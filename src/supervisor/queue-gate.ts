import { byteSize } from '../domain/bytes.ts';
import type { Clock } from '../domain/clock.ts';
import type { ErrorReport } from '../domain/errors.ts';
import { isOpen, nextChange, type QuietHours } from '../domain/quiet-hours.ts';
import type { DiskSpace } from '../files/disk-space.ts';
import { pauseQueue, type QueuePause, queuePause, resumeQueue } from '../store/queue-state.ts';
import type { Store } from '../store/store.ts';

/** A full disk has space again when so much is free, or so large a share of it. */
const ENOUGH_SPACE_BYTES = 256 * 1024 ** 2;
const ENOUGH_SPACE_SHARE = 0.1;

/** Where space is there at once, or is not what is missing, the next try comes no sooner than this. */
const LEAST_PAUSE_MS = 5_000;

export interface QueueGateOptions {
  store: Store;
  clock: Clock;
  /** Undefined: jobs may run at any time. */
  quietHours?: QuietHours | undefined;
  diskSpace(): Promise<DiskSpace>;
}

/** What keeps every job from starting: a pause, a full disk, the time of day. */
export class QueueGate {
  readonly #options: QueueGateOptions;
  /** A pause that could not be written, because the disk is full. */
  #unwritten: QueuePause | undefined;
  /** When the disk was last found full, by the clock that never goes back. */
  #fullAt: number | undefined;

  constructor(options: QueueGateOptions) {
    this.#options = options;
  }

  /** Whether work may go on at this time of day. */
  get isOpenHour(): boolean {
    const { clock, quietHours } = this.#options;
    return quietHours === undefined || isOpen(quietHours, clock.now());
  }

  /** When the time of day lets work go on; undefined while it does. Milliseconds since the epoch. */
  get opensAt(): number | undefined {
    const { clock, quietHours } = this.#options;
    return quietHours === undefined || this.isOpenHour ? undefined : nextChange(quietHours, clock.now());
  }

  /** The pause of the queue, if there is one. */
  async pause(): Promise<QueuePause | undefined> {
    return (await queuePause(this.#options.store)) ?? this.#unwritten;
  }

  /** Why no job may start now, as a sentence; undefined when one may. */
  async closedBecause(): Promise<string | undefined> {
    const pause = await this.pause();
    if (pause) return pauseSentence(pause);
    const { opensAt } = this;
    if (opensAt === undefined) return undefined;
    const at = timeIn(opensAt, this.#options.quietHours?.timeZone);
    return `Outside the hours for work; it goes on at ${at}.`;
  }

  /** No job may start until there is space again. Holds also when that cannot be written for want of space. */
  async diskFull({ message, neededBytes }: Pick<ErrorReport, 'message' | 'neededBytes'>): Promise<void> {
    const { store, clock, diskSpace } = this.#options;
    this.#fullAt = clock.monotonicMs();
    const { totalBytes } = await diskSpace();
    const resumeAtBytes = Math.round(neededBytes ?? Math.min(ENOUGH_SPACE_BYTES, ENOUGH_SPACE_SHARE * totalBytes));
    this.#unwritten = { by: 'disk', reason: message, at: clock.now(), resumeAtBytes };
    await pauseQueue(store, { by: 'disk', actor: 'supervisor', reason: message, resumeAtBytes });
    this.#unwritten = undefined;
  }

  /** Lets the queue go on when it was paused because of the disk and there is space. @returns whether it does */
  async resumeWhenSpace(): Promise<boolean> {
    const pause = await this.pause();
    if (pause?.by !== 'disk') return false;
    const { store, clock, diskSpace } = this.#options;
    if (this.#fullAt !== undefined && clock.monotonicMs() - this.#fullAt < LEAST_PAUSE_MS) return false;
    const { freeBytes } = await diskSpace();
    if (freeBytes < (pause.resumeAtBytes ?? ENOUGH_SPACE_BYTES)) return false;
    const reason = `There is space again: ${byteSize(freeBytes)} are free`;
    const wasUnwritten = this.#unwritten !== undefined;
    this.#unwritten = undefined;
    return (await resumeQueue(store, { by: 'disk', actor: 'supervisor', reason })) || wasUnwritten;
  }

  /** A person lets it go on. */
  forget(): void {
    this.#unwritten = undefined;
  }
}

function pauseSentence({ by, reason }: QueuePause): string {
  if (by === 'disk') return `The queue is paused until there is space on the disk: ${reason}`;
  return `The queue is paused${reason ? ` (${reason})` : ''}. Go on with: longhand queue resume`;
}

/** `22:00 CET`, by the clock of the zone in which the hours are told. */
function timeIn(atMs: number, timeZone: string | undefined): string {
  const shown = { hour: '2-digit', minute: '2-digit', timeZoneName: 'short' } as const;
  return new Date(atMs).toLocaleTimeString('en-GB', { ...shown, ...(timeZone ? { timeZone } : {}) });
}
