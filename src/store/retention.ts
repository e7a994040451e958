import { literal } from './literal.ts';
import type { Store } from './store.ts';

const DAY_MS = 24 * 3_600_000;
/** Rows looked at in one question, so that nobody waits for long. */
const AT_ONCE = 1000;

export interface Retention {
  /** How long events are kept, the trail of who did what. */
  eventDays: number;
  /** How long the curve of what a run used is kept after its end. */
  usageDays: number;
}

export interface Forgotten {
  events: number;
  /** Runs whose samples were deleted. */
  usageOfRuns: number;
}

/** Deletes events and usage samples that are older than they are kept. */
export async function forgetOld(store: Store, { eventDays, usageDays }: Retention): Promise<Forgotten> {
  const now = store.clock.now();
  return {
    events: await forgetEvents(store, now - eventDays * DAY_MS),
    usageOfRuns: await forgetUsage(store, now - usageDays * DAY_MS),
  };
}

/** From the oldest on, as far as they are too old: events are numbered in the order in which they happened. */
async function forgetEvents({ db }: Store, before: number): Promise<number> {
  let forgotten = 0;
  for (;;) {
    const oldest = await db.selectFrom('events').select(['id', 'at']).orderBy('id').limit(literal(AT_ONCE)).execute();
    const firstKept = oldest.findIndex(({ at }) => at >= before);
    const old = firstKept === -1 ? oldest : oldest.slice(0, firstKept);
    const last = old.at(-1);
    if (last) await db.deleteFrom('events').where('id', '<=', last.id).execute();
    forgotten += old.length;
    if (old.length < AT_ONCE) return forgotten;
  }
}

async function forgetUsage({ db }: Store, before: number): Promise<number> {
  let forgotten = 0;
  let behind = 0;
  for (;;) {
    const runs = await db
      .selectFrom('runs')
      .select(['id', 'ended_at'])
      .where('id', '>', behind)
      .where('id', 'in', (eb) => eb.selectFrom('usage_samples').select('run_id').distinct())
      .orderBy('id')
      .limit(literal(AT_ONCE))
      .execute();
    const over = runs.filter(({ ended_at }) => ended_at !== null && ended_at < before).map(({ id }) => id);
    if (over.length > 0) await db.deleteFrom('usage_samples').where('run_id', 'in', over).execute();
    forgotten += over.length;
    const last = runs.at(-1);
    if (!last || runs.length < AT_ONCE) return forgotten;
    behind = last.id;
  }
}
