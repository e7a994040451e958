/** What is told to somebody outside: that a job has ended, or that no job is left. */
import type { ErrorKind } from './errors.ts';

/** What may be asked for. A job that will be tried again has not failed. */
export const NOTIFICATION_EVENTS = ['completed', 'failed', 'queue_empty'] as const;
export type NotificationEvent = (typeof NOTIFICATION_EVENTS)[number];

export type TargetKind = 'webhook' | 'email';

/** What those who receive it tell notifications apart by. */
const TYPES = {
  completed: 'job.completed',
  failed: 'job.failed',
  queue_empty: 'queue.empty',
  test: 'test',
} as const satisfies Record<NotificationEvent | 'test', string>;

/** A job as it is told of. Its words are not in it: whoever may read them asks for them. */
export interface NotifiedJob {
  id: number;
  filename: string;
  status: 'completed' | 'failed';
  engine: string | null;
  model: string;
  language: string | null;
  durationSeconds: number;
  /** Seconds worked on it, all runs together. */
  elapsedSeconds: number;
  error: { kind: ErrorKind | null; message: string; remedy: string | null } | null;
}

/** The body of a webhook. */
export interface Notification {
  /** The same at every try: what has come already is known by it. */
  id: string;
  type: (typeof TYPES)[NotificationEvent | 'test'];
  /** ISO 8601. */
  createdAt: string;
  /** Null where it is about no single job. */
  job: NotifiedJob | null;
}

/** @param at milliseconds since the epoch */
export function notificationOf(
  event: NotificationEvent | 'test',
  { id, at, job = null }: { id: string; at: number; job?: NotifiedJob | null },
): Notification {
  return { id, type: TYPES[event], createdAt: new Date(at).toISOString(), job };
}

/** After so long without success a notification is given up. */
export const GIVE_UP_AFTER_MS = 24 * 3_600_000;
const FIRST_WAIT_MS = 10_000;
const LONGEST_WAIT_MS = 3_600_000;
/** So that those that failed together do not all come back together. */
const SPREAD = 0.1;

/**
 * When to try again: after 10 s, doubled with each try up to an hour, give or take a tenth, for a day in all.
 * @param tries how often it was tried; times are milliseconds since the epoch
 * @param dice a number from 0 up to 1
 * @returns undefined when it is given up
 */
export function nextTryAt(
  { tries, createdAt, now }: { tries: number; createdAt: number; now: number },
  dice: () => number,
): number | undefined {
  const nominalMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (tries - 1));
  const at = now + Math.round(nominalMs * (1 - SPREAD + 2 * SPREAD * dice()));
  return at - createdAt > GIVE_UP_AFTER_MS ? undefined : at;
}
