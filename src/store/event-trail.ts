import { literal } from './literal.ts';
import type { EventRow } from './schema.ts';
import type { Store } from './store.ts';

/** Rows of one question. */
const AT_ONCE = 1000;

/**
 * The newest events, the oldest of them first. Unlike `listEvents` it is for looking back, not for following.
 * @param wanted `since`: only events of that moment or later, milliseconds since the epoch; `userId`: only events
 * of this user's jobs that are there still
 */
export async function newestEvents(
  store: Store,
  {
    jobId,
    since = 0,
    limit,
    userId = null,
  }: { jobId?: number | undefined; since?: number | undefined; limit: number; userId?: string | null | undefined },
): Promise<EventRow[]> {
  const found: EventRow[] = [];
  for (let before = Number.MAX_SAFE_INTEGER; found.length < limit; ) {
    let query = store.db.selectFrom('events').selectAll().where('id', '<', before);
    if (jobId !== undefined) query = query.where('job_id', '=', jobId);
    if (userId !== null) {
      const theirs = store.db.selectFrom('transcription_jobs').select('id').where('user_id', '=', userId);
      query = query.where('job_id', 'in', theirs);
    }
    const page = await query
      .orderBy('id', 'desc')
      .limit(literal(Math.min(AT_ONCE, limit - found.length)))
      .execute();
    const young = page.filter(({ at }) => at >= since);
    found.push(...young);
    const last = page.at(-1);
    // Events are numbered as they happen: behind one that is too old all are.
    if (!last || young.length < page.length) break;
    before = last.id;
  }
  return found.reverse();
}
