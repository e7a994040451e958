import type { ErrorReport } from '../../../src/domain/errors.ts';

/** How far the owner's time of day is off at its start, in milliseconds: the argument `--clock=3600000`. */
export const CLOCK_ARGUMENT = '--clock=';

/** Sets how far its time of day is off; asks for its memory. */
export type ToOwner = { type: 'clock'; offsetMs: number } | { type: 'memory' };

export type FromOwner =
  | { type: 'ready'; socketPath: string; recovered: number[] }
  | { type: 'failed'; error: ErrorReport }
  | { type: 'warning'; sentence: string }
  /** After what can be freed was. */
  | { type: 'memory'; rssBytes: number; heapBytes: number };
