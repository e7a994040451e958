/** The same done to many, and what became of each. */
import type { BulkAnswer, Job, JobPage } from '../../api-types.ts';
import { ask, get, withQuery } from '../../client.ts';
import type { ActionOptions, JobAction } from '../../components/job-actions.ts';
import { filterOf, type Search } from './search.ts';

/** As many as the API takes at once. */
const AT_ONCE = 1000;

export interface Outcome {
  done: number;
  /** Why it was refused, with how many were refused for that. */
  refused: Map<string, number>;
}

/** All jobs that match, also those that are not shown. @param onCount how many were found so far */
export async function everythingOf(search: Search, onCount: (count: number) => void): Promise<Job[]> {
  const found: Job[] = [];
  let cursor: string | null = '';
  do {
    const page: JobPage = await get(withQuery('/api/jobs', { ...filterOf(search), limit: AT_ONCE, cursor }));
    found.push(...page.jobs);
    cursor = page.nextCursor;
    onCount(found.length);
  } while (cursor !== null);
  return found;
}

/** @param onCount how many were dealt with so far */
export async function toMany(
  ids: readonly number[],
  action: JobAction,
  options: ActionOptions,
  onCount: (count: number) => void,
): Promise<Outcome> {
  const outcome: Outcome = { done: 0, refused: new Map() };
  const { to, ...rest } = options;
  for (let at = 0; at < ids.length; at += AT_ONCE) {
    const wish = { action, ids: ids.slice(at, at + AT_ONCE), ...rest, ...(to === undefined ? {} : { priority: to }) };
    const { done, results } = await ask<BulkAnswer>('POST', '/api/jobs/bulk', wish);
    outcome.done += done;
    for (const result of results) {
      if (result.done) continue;
      const why = withoutNumber(result.problem.detail, result.id);
      outcome.refused.set(why, (outcome.refused.get(why) ?? 0) + 1);
    }
    onCount(Math.min(ids.length, at + AT_ONCE));
  }
  return outcome;
}

/** "Job 7 is completed …" said of seven jobs is one sentence. */
function withoutNumber(sentence: string, id: number): string {
  return sentence.replace(new RegExp(`\\b([Jj]ob) ${id}\\b`), '$1');
}
