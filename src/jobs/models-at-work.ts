import { unendedRuns } from '../store/runs.ts';
import type { Store } from '../store/store.ts';

/** The models with which jobs are being worked on: what their runs have taken, or were asked for before that is known. */
export async function modelsAtWork(store: Store): Promise<string[]> {
  const runs = await unendedRuns(store);
  return [...new Set(runs.map(({ run, job }) => run.model ?? job.smaller_model ?? job.model))];
}
