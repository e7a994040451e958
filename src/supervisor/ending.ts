/** The ways in which a run's processes come to their end. Whichever was taken, `bury` makes sure of it. */
import type { Clock } from '../domain/clock.ts';
import type { JobLog } from '../logs/job-log.ts';
import { isRunning } from './exit.ts';
import { inWords, killTree, sweep } from './kill-tree.ts';
import type { RunnerProcess } from './spawn.ts';

/** A runner that said `done` may take this long to end. */
const GOODBYE_MS = 5_000;

export interface EndingScope {
  runner: RunnerProcess;
  /** The run's token. */
  token: string;
  clock: Clock;
  log: JobLog;
}

/** Lets a runner go that has said its last word, and waits a while for its end. */
export async function sayGoodbye({ runner, clock }: EndingScope): Promise<void> {
  // First the guard: once the runner is reaped its group's number may be somebody else's.
  await runner.guard.dismiss();
  // A message that cannot be delivered means that the runner is gone; its exit is what counts.
  if (runner.child.connected) runner.child.send({ type: 'goodbye' }, () => undefined);
  const patience = new AbortController();
  await Promise.race([runner.exited, clock.sleep(GOODBYE_MS, patience.signal).catch(() => undefined)]);
  patience.abort();
}

/** Ends the runner's tree if it still runs: TERM, 5 s, KILL, sweep. The log tells what was ended. */
export async function endTree({ runner, token, clock, log }: EndingScope): Promise<void> {
  if (!isRunning(runner.child)) return;
  const report = await killTree({ leader: runner.identity, token }, clock);
  for (const sentence of inWords(report)) log.write('INFO', 'supervisor', sentence);
}

/**
 * Makes sure that the runner and its guard are gone, whichever way we got here.
 * @param ending what `endTree` is still at: what it ended is in the log before the log is closed
 */
export async function bury({ runner, token, clock }: EndingScope, ending?: Promise<void>): Promise<void> {
  await runner.guard.dismiss();
  await ending;
  if (isRunning(runner.child)) await killTree({ leader: runner.identity, token }, clock, 0);
  await runner.exited;
}

/** Ends what the runner left behind. @returns false when something could not be ended */
export async function sweepUp({ token, clock, log }: Pick<EndingScope, 'token' | 'clock' | 'log'>): Promise<boolean> {
  const report = await sweep(token, clock);
  for (const sentence of inWords(report)) log.write('WARNING', 'supervisor', sentence);
  return report.gone;
}
