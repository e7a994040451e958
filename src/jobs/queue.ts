import { pauseQueue, type QueuePause, queuePause, resumeQueue } from '../store/queue-state.ts';
import type { Store } from '../store/store.ts';
import { actor } from './actor.ts';

/** What the owner does about its queue. */
export interface QueueHand {
  store: Store;
  /** Asks all running jobs to pause at their checkpoints until the queue is resumed. */
  pauseRunning(): void;
  /** What was paused with the queue goes on, and waiting jobs may start. */
  goOn(): Promise<void>;
  /** Jobs that are being worked on. */
  running(): Promise<number[]>;
}

export interface QueuePaused {
  /** False when it was paused like this already. */
  changed: boolean;
  /** Jobs that go on to their ends all the same, or with `stopping` rest as soon as the chunk in flight is done. */
  running: number[];
  stopping: boolean;
  reason: string | null;
}

/** Lets no job start until the queue is resumed, also after a restart. With `running` those that run pause, too. */
export async function pauseAll(
  { store, pauseRunning, running }: QueueHand,
  wish: { reason?: string | undefined; running?: boolean | undefined },
): Promise<QueuePaused> {
  const stopping = wish.running ?? false;
  const changed = await pauseQueue(store, { by: 'user', actor: actor(), reason: wish.reason });
  const inWork = await running();
  if (stopping) pauseRunning();
  const pause = await queuePause(store);
  return { changed, running: inWork, stopping, reason: pause?.reason ?? null };
}

export interface QueueResumed {
  /** False when it was not paused. */
  changed: boolean;
  /** Who had paused it, and why. */
  before: Pick<QueuePause, 'by' | 'reason'> | null;
}

/** Lets jobs start again. */
export async function resumeAll({ store, goOn }: QueueHand): Promise<QueueResumed> {
  const pause = await queuePause(store);
  const changed = await resumeQueue(store, { actor: actor() });
  // Also when it was not paused: what was paused with it may have been left behind by a process that died.
  await goOn();
  return { changed, before: pause ? { by: pause.by, reason: pause.reason } : null };
}
