import { UsageError } from '../domain/errors.ts';
import type { JobStatus } from '../domain/job.ts';
import { getJob } from '../store/jobs.ts';
import { type Placed, placeJob, type Standing, type Target } from '../store/places.ts';
import { positionOf } from '../store/positions.ts';
import { setPriority } from '../store/priority.ts';
import type { Store } from '../store/store.ts';
import { actor } from './actor.ts';
import { JobStateError, jobNotFound } from './errors.ts';
import { requireOwn } from './ownership.ts';

/** What a priority may be; 0 is that of a job for which nothing was said. */
export const LOWEST_PRIORITY = -100;
export const HIGHEST_PRIORITY = 100;

export interface Prioritised {
  id: number;
  status: JobStatus;
  from: number;
  to: number;
  /** Where it stands now, when it waits: 1 is next. */
  position: number | null;
}

/**
 * Gives a job another priority. One that does not wait keeps it for when it waits again.
 * @throws UsageError when it is no priority; JobNotFoundError
 */
export async function prioritise(store: Store, id: number, to: number): Promise<Prioritised> {
  if (!Number.isInteger(to) || to < LOWEST_PRIORITY || to > HIGHEST_PRIORITY) {
    throw new UsageError(
      `${to} cannot be a priority.`,
      `It is a whole number from ${LOWEST_PRIORITY} to ${HIGHEST_PRIORITY}; higher goes first.`,
    );
  }
  const done = await setPriority(store, id, to, { actor: actor() });
  if (!done) throw await jobNotFound(store, id);
  return { id, ...done, position: (await positionOf(store, id)) ?? null };
}

export interface Moved {
  id: number;
  from: Standing;
  to: Standing;
}

/**
 * Moves a waiting job within the queue: before another one, to its head or to its end. It takes over the priority of where it
 * then stands.
 * @param userId who asks, as `requireOwn` takes it: nothing is told of others' jobs
 * @throws JobNotFoundError; JobStateError when one of them does not wait; UsageError when both are the same
 */
export async function move(store: Store, id: number, target: Target, userId: string | null = null): Promise<Moved> {
  if (typeof target === 'object' && target.before === id) {
    throw new UsageError(`Job ${id} cannot stand before itself.`, 'Name another job: longhand queue');
  }
  if (typeof target === 'object') await requireOwn(store, userId, target.before);
  const placed = await placeJob(store, id, target, { actor: actor() });
  if (!placed.done) throw await whyNot(store, id, placed);
  return { id, from: placed.from, to: placed.to };
}

async function whyNot(store: Store, id: number, { notWaiting }: Extract<Placed, { done: false }>): Promise<Error> {
  const job = await getJob(store, notWaiting);
  if (!job) return await jobNotFound(store, notWaiting);
  const sentence = `Job ${notWaiting} is ${job.status}; it has no place in the queue.`;
  const remedy = notWaiting === id ? `See: longhand show ${id}` : 'Jobs that wait: longhand queue';
  return new JobStateError(sentence, remedy);
}
