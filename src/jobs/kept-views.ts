import type { ProgressReport } from '../pipeline/progress.ts';
import type { ShortJob } from '../store/job-summary.ts';
import { type JobView, viewOf } from './view.ts';

interface Kept {
  live: ProgressReport | undefined;
  view: Readonly<JobView>;
}

/** By the row. Gone with it. */
const kept = new WeakMap<object, Kept>();

/**
 * The view of a job that does not wait, frozen. From the same row and the same report comes the same view, which is not made
 * again: many ask while nothing has changed. Rows that are not frozen may change, so their views are made each time.
 */
export function keptViewOf(job: Readonly<ShortJob>, live: ProgressReport | undefined): Readonly<JobView> {
  const before = kept.get(job);
  if (before && before.live === live) return before.view;
  const view = Object.freeze(viewOf(job, undefined, live));
  if (Object.isFrozen(job)) kept.set(job, { live, view });
  return view;
}
