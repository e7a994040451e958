import type { ErrorReport } from './errors.ts';

/** How a run ended. Every run gets exactly one. */
export type RunOutcome =
  | { type: 'completed' }
  /** The pipeline said that it cannot go on. */
  | { type: 'failed'; error: ErrorReport }
  /** The runner's process ended without saying anything. */
  | { type: 'crashed'; code: number | null; signal: string | null; error: ErrorReport }
  /** Stopped politely at a checkpoint, or taken back because its owner ended. */
  | { type: 'stopped'; why: StopReason }
  /** The owner died with the run; its successor cleaned up. */
  | { type: 'orphaned'; reason: string };

/** Why somebody asked a run to stop. */
export const STOP_REASONS = [
  'interrupted',
  'shutdown',
  'pause',
  'quiet hours',
  'queue paused',
  'cancel',
  'lease lost',
] as const;
export type StopReason = (typeof STOP_REASONS)[number];

/** Whether a job that was stopped for this goes on by itself; a person's pause then takes its place. */
export function endsByItself(why: StopReason | undefined): boolean {
  return why === 'quiet hours' || why === 'queue paused';
}
