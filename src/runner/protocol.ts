/**
 * What a supervisor and its runner say to each other over the fork channel, and nothing else passes between them.
 *
 * The runner asks (`request`), the supervisor commits and answers (`answer`): a request that is answered is durable.
 * Everything else is news and may be lost. `start` comes once, after `ready`. `stop` is polite: the runner finishes the
 * chunk in flight within `graceMs` and says `done`. A closed channel means that the supervisor is gone; the runner then
 * ends its whole process group, itself included.
 */
import type { ErrorReport } from '../domain/errors.ts';
import type { LogLevel } from '../domain/log-level.ts';
import type { StopReason } from '../domain/outcome.ts';
import type { Checkpoint } from '../pipeline/checkpoint.ts';
import type { RunOrder } from '../pipeline/order.ts';
import type { ProgressReport } from '../pipeline/progress.ts';

/** How often a runner says that its event loop turns. */
export const HEARTBEAT_INTERVAL_MS = 5_000;

export type SupervisorMessage =
  | { type: 'start'; order: RunOrder }
  /** Other jobs began or ended: so many cores does each of those beside this one keep busy now. */
  | { type: 'beside'; cores: number[] }
  | { type: 'stop'; why: StopReason; graceMs: number }
  | { type: 'answer'; id: number; ok: true; value: unknown }
  /** The change did not win: the lease is lost. */
  | { type: 'answer'; id: number; ok: false; lost: true }
  /** The change could not be written. */
  | { type: 'answer'; id: number; ok: false; lost: false; error: ErrorReport }
  /** `done` was heard; the runner may end. */
  | { type: 'goodbye' };

export type CheckpointVerb = keyof Checkpoint;

export type RunnerMessage =
  | { type: 'ready' }
  | { type: 'heartbeat'; sentAt: number }
  | { type: 'progress'; progress: ProgressReport }
  | { type: 'log'; level: LogLevel; stage: string; message: string }
  | { type: 'request'; id: number; verb: CheckpointVerb; args: unknown[] }
  | { type: 'done'; outcome: RunnerOutcome };

export type RunnerOutcome = { type: 'completed' } | { type: 'failed'; error: ErrorReport } | { type: 'stopped' };
