/**
 * Why a run is ended that does not end by itself. Three of these are hangs, and they are kept apart, because they mean
 * different things: nothing turns in the runner at all (`process hung`), the runner lives but its work stands still
 * (`engine hung`), or all goes on but takes longer than it may (`time limit`).
 */
import { duration } from '../domain/duration.ts';
import type { ErrorReport } from '../domain/errors.ts';
import type { RunOutcome } from '../domain/outcome.ts';
import { GOES_ON } from '../domain/remedies.ts';

export interface Verdict {
  type: 'process hung' | 'engine hung' | 'channel closed' | 'time limit' | 'memory limit';
  error: ErrorReport;
}

/** The runner's own loop has said nothing for so long. */
export function processHung(seconds: number): Verdict {
  const message = `No heartbeat for ${duration(seconds)}: the runner's process hung and was ended.`;
  return { type: 'process hung', error: { kind: 'crash', message, remedy: GOES_ON } };
}

/** The runner lives, but nothing has become of its work for so long. */
export function engineHung(seconds: number): Verdict {
  const message = `No progress for ${duration(seconds)} - automatically reset`;
  return { type: 'engine hung', error: { kind: 'engine', message, remedy: GOES_ON } };
}

/** The runner closed its channel and lived on: nobody could hear it any more. */
export function channelClosed(): Verdict {
  const message = 'The runner closed its channel before the job was done and was ended.';
  return { type: 'channel closed', error: { kind: 'crash', message, remedy: GOES_ON } };
}

/** A limit was passed; `limits.ts` words it. */
export function overLimit(type: 'time limit' | 'memory limit', error: ErrorReport): Verdict {
  return { type, error };
}

/** What a verdict makes of the run: a hang is a crash and the job goes on, a limit is a failure and it does not. */
export function outcomeOfVerdict(
  { type, error }: Verdict,
  exit: { code: number | null; signal: string | null },
): RunOutcome {
  if (type === 'time limit' || type === 'memory limit') return { type: 'failed', error };
  return { type: 'crashed', ...exit, error };
}
