import { getActiveJobs } from '../store/jobs.ts';
import { runsByToken, unendedRuns } from '../store/runs.ts';
import type { Store } from '../store/store.ts';
import { tokensOfProcesses } from './tokens.ts';

/**
 * Whether a dead owner left something that has to be seen to before the store tells the truth: what `sweepOrphans` would look
 * at. For a new owner that has not begun anything itself; it costs three questions and none of what an orphan is ended with.
 */
export async function isSomethingLeft(store: Store): Promise<boolean> {
  if ((await unendedRuns(store)).length > 0 || (await getActiveJobs(store)).length > 0) return true;
  return (await runsByToken(store, tokensOfProcesses())).length > 0;
}
