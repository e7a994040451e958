import { sql } from 'kysely';
import { appendEvent } from './events.ts';
import { lockJob } from './fence.ts';
import { literal } from './literal.ts';
import { aheadOf, type Spot } from './positions.ts';
import { setPriorityOfJob } from './priority.ts';
import type { QueueRow } from './schema.ts';
import type { Store, Trx } from './store.ts';
import { inTransaction } from './transaction.ts';

/*
 * The queue is sorted by priority, the highest first, then by place, then by the row's id. A place is the time at which
 * the job was queued, until it is moved: then it is a number between those of its new neighbours. Where two neighbours leave
 * no number between them, the places of their priority are given anew, a millisecond apart and none in the future, so that
 * whoever comes later stands behind them.
 */

/** Between two places that are given anew. */
const APART_MS = 1;

/** Where a waiting job is to stand. */
export type Target = 'first' | 'last' | { before: number };

export type Placed =
  | { done: true; from: Standing; to: Standing }
  /** Nothing was changed: the job or the one it was to stand before does not wait, or is not there. */
  | { done: false; notWaiting: number };

export interface Standing {
  /** 1 is next. */
  position: number;
  priority: number;
}

/**
 * Moves a waiting job within the queue. It takes over the priority of where it then stands. Its row, that of the job and
 * the event are one transaction; a job that stands there already is left as it is, without an event.
 */
export async function placeJob(store: Store, jobId: number, target: Target, by: { actor: string }): Promise<Placed> {
  return await inTransaction(store, async (trx) => {
    const other = typeof target === 'object' ? [target.before] : [];
    // In one order, so that two moves cannot lock each other out.
    const ids = [jobId, ...other].sort((a, b) => a - b);
    for (const id of ids) if ((await lockJob(store, trx, id))?.status !== 'pending') return refused(id);
    const mine = await spotOf(trx, jobId);
    if (!mine) return refused(jobId);
    const from = { position: (await aheadOf(trx, mine)) + 1, priority: mine.priority };
    const goal = await goalFor(store, trx, mine, target);
    if (!goal) return refused(other[0] ?? jobId);
    if (goal === 'there already') return { done: true, from, to: from };
    await trx.updateTable('transcription_queue').set(goal).where('id', '=', mine.id).execute();
    if (goal.priority !== mine.priority) await setPriorityOfJob(store, trx, jobId, goal.priority);
    const to = { position: (await aheadOf(trx, { ...mine, ...goal })) + 1, priority: goal.priority };
    await appendEvent(store, trx, {
      jobId,
      at: store.clock.now(),
      type: 'changed',
      actor: by.actor,
      reason: `Moved ${typeof target === 'object' ? `before job ${target.before}` : target}`,
      data: { what: 'place', from, to },
    });
    return { done: true, from, to };
  });
}

function refused(notWaiting: number): Placed {
  return { done: false, notWaiting };
}

type Goal = Pick<QueueRow, 'priority' | 'place'>;

async function goalFor(
  store: Store,
  trx: Trx,
  mine: Spot,
  target: Target,
): Promise<Goal | 'there already' | undefined> {
  for (let renumbered = false; ; renumbered = true) {
    const neighbours = await neighboursAt(trx, mine, target);
    if (!neighbours) return undefined;
    const { above, below } = neighbours;
    // Places that were given anew are not those of `mine` any more.
    if (!renumbered && standsBetween(mine, above, below, target)) return 'there already';
    const priority = (below ?? above)?.priority ?? mine.priority;
    const place = placeBetween(above?.place, below?.place, store.clock.now());
    if (place !== undefined) return { priority, place };
    if (renumbered) throw new Error('Two places a millisecond apart have none between them.');
    await giveAnew(store, trx, priority);
  }
}

/** The jobs between which the target is, the moved one left out; of the same priority both, where there are two. */
async function neighboursAt(trx: Trx, mine: Spot, target: Target): Promise<{ above?: Spot; below?: Spot } | undefined> {
  if (target === 'first') return ofBoth(undefined, await endOfQueue(trx, mine, 'asc'));
  if (target === 'last') return ofBoth(await endOfQueue(trx, mine, 'desc'), undefined);
  const below = await spotOf(trx, target.before);
  if (!below) return undefined;
  return ofBoth(await directlyAbove(trx, mine, below), below);
}

function ofBoth(above: Spot | undefined, below: Spot | undefined) {
  return { ...(above ? { above } : {}), ...(below ? { below } : {}) };
}

/** Of a higher priority it stands before more than the one it is to stand before. */
function standsBetween(mine: Spot, above: Spot | undefined, below: Spot | undefined, target: Target): boolean {
  if (typeof target === 'object' && mine.priority !== below?.priority) return false;
  return (!above || goesBefore(above, mine)) && (!below || goesBefore(mine, below));
}

function goesBefore(a: Spot, b: Spot): boolean {
  return (
    a.priority > b.priority ||
    (a.priority === b.priority && (a.place < b.place || (a.place === b.place && a.id < b.id)))
  );
}

/** @returns undefined when there is no number between them, or none before now */
function placeBetween(above: number | undefined, below: number | undefined, now: number): number | undefined {
  if (above === undefined) return below === undefined ? now : below - APART_MS;
  if (below === undefined) return above < now ? now : undefined;
  const middle = above + (below - above) / 2;
  return above < middle && middle < below ? middle : undefined;
}

/** Also of those that are worked on or wait for a retry: they come back to where they were. */
async function giveAnew({ clock }: Store, trx: Trx, priority: number): Promise<void> {
  const { last } = await trx
    .selectFrom('transcription_queue')
    .select(({ fn }) => fn.max('place').as('last'))
    .where('priority', '=', priority)
    .executeTakeFirstOrThrow();
  const end = Math.min(Number(last), clock.now() - APART_MS);
  await trx
    .updateTable('transcription_queue')
    .from((eb) =>
      eb
        .selectFrom('transcription_queue')
        .select(({ fn }) => [
          'id',
          fn
            .agg<number>('row_number')
            .over((over) => over.orderBy('place', 'desc').orderBy('id', 'desc'))
            .as('behind'),
        ])
        .where('priority', '=', priority)
        .as('counted'),
    )
    .set({ place: sql<number>`cast(${end} as double precision) - (counted.behind - 1) * ${literal(APART_MS)}` })
    .whereRef('counted.id', '=', 'transcription_queue.id')
    .execute();
}

async function spotOf(trx: Trx, jobId: number): Promise<Spot | undefined> {
  return await trx
    .selectFrom('transcription_queue')
    .select(['id', 'priority', 'place'])
    .where('job_id', '=', jobId)
    .where('started_at', 'is', null)
    .executeTakeFirst();
}

/** The first or the last that waits, but for the one that is moved. */
async function endOfQueue(trx: Trx, mine: Spot, direction: 'asc' | 'desc'): Promise<Spot | undefined> {
  const opposite = direction === 'asc' ? 'desc' : 'asc';
  return await trx
    .selectFrom('transcription_queue')
    .select(['id', 'priority', 'place'])
    .where('started_at', 'is', null)
    .where('id', '<>', mine.id)
    .orderBy('priority', opposite)
    .orderBy('place', direction)
    .orderBy('id', direction)
    .limit(literal(1))
    .executeTakeFirst();
}

/** The one that waits right before another one of its priority, but for the one that is moved. */
async function directlyAbove(trx: Trx, mine: Spot, { priority, place, id }: Spot): Promise<Spot | undefined> {
  return await trx
    .selectFrom('transcription_queue')
    .select(['id', 'priority', 'place'])
    .where('started_at', 'is', null)
    .where('priority', '=', priority)
    .where(({ eb, refTuple, tuple }) => eb(refTuple('place', 'id'), '<', tuple(place, id)))
    .where('id', '<>', mine.id)
    .orderBy('place', 'desc')
    .orderBy('id', 'desc')
    .limit(literal(1))
    .executeTakeFirst();
}
