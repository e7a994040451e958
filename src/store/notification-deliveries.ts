import type { TargetKind } from '../domain/notification.ts';
import { literal } from './literal.ts';
import type { DeliveryRow } from './schema.ts';
import type { Store } from './store.ts';

/** Stands in the query as it does in the index's condition. */
const PENDING = literal('pending');

/** What whoever delivers a notification must know. */
export interface Due {
  id: number;
  event_id: string;
  destination: string;
  event: DeliveryRow['event'];
  payload: string;
  tries: number;
  created_at: number;
  kind: TargetKind;
  address: string;
  secret: string | null;
}

/** A delivery with whom it was for. */
export type Delivery = DeliveryRow & { kind: TargetKind; address: string };

/**
 * What is to be told by now, the longest due first.
 * @param except nothing for these destinations
 */
export async function dueDeliveries(
  store: Store,
  { except, limit }: { except: readonly string[]; limit: number },
): Promise<Due[]> {
  let query = withTargets(store)
    .where('d.status', '=', PENDING)
    .where('d.next_at', '<=', store.clock.now())
    .orderBy('d.next_at')
    .orderBy('d.id')
    .limit(literal(limit));
  if (except.length > 0) query = query.where('d.destination', 'not in', except);
  return await query.execute();
}

/** One that is still to be told, due or not. */
export async function pendingDelivery(store: Store, id: number): Promise<Due | undefined> {
  return await withTargets(store).where('d.id', '=', id).where('d.status', '=', PENDING).executeTakeFirst();
}

/** When the next one is due, in milliseconds since the epoch; undefined when none is to be told. */
export async function nextDueAt(store: Store, except: readonly string[]): Promise<number | undefined> {
  let query = store.db.selectFrom('notification_deliveries').select('next_at').where('status', '=', PENDING);
  if (except.length > 0) query = query.where('destination', 'not in', except);
  return (await query.orderBy('next_at').limit(literal(1)).executeTakeFirst())?.next_at;
}

/** How a try ended. `nextAt`: when to try again; undefined: it is over. */
export interface Tried {
  delivered: boolean;
  httpStatus?: number | undefined;
  error?: string | undefined;
  nextAt?: number | undefined;
}

/** Writes how a try ended. @returns false when it was over before; then nothing was written */
export async function noteTry(store: Store, id: number, { delivered, httpStatus, error, nextAt }: Tried) {
  const now = store.clock.now();
  const over = delivered ? 'delivered' : 'failed';
  const { numUpdatedRows } = await store.db
    .updateTable('notification_deliveries')
    .set((eb) => ({
      tries: eb('tries', '+', 1),
      tried_at: now,
      http_status: httpStatus ?? null,
      error: error ?? null,
      ...(nextAt === undefined ? { status: over, ended_at: now } : { next_at: nextAt }),
    }))
    .where('id', '=', id)
    .where('status', '=', PENDING)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** The newest deliveries, newest first. `whose`: to this user's targets; null: to all. */
export async function listDeliveries(
  { db }: Store,
  {
    whose,
    targetId,
    status,
    limit,
  }: {
    whose: string | null;
    targetId?: number | undefined;
    status?: DeliveryRow['status'] | undefined;
    limit: number;
  },
): Promise<Delivery[]> {
  let query = db
    .selectFrom('notification_deliveries as d')
    .innerJoin('notification_targets as t', 't.id', 'd.target_id')
    .selectAll('d')
    .select(['t.kind', 't.address']);
  if (whose !== null) query = query.where('t.user_id', '=', whose);
  if (targetId !== undefined) query = query.where('d.target_id', '=', targetId);
  if (status !== undefined) query = query.where('d.status', '=', status);
  return await query.orderBy('d.id', 'desc').limit(literal(limit)).execute();
}

/** One of them. */
export async function getDelivery({ db }: Store, id: number): Promise<Delivery | undefined> {
  return await db
    .selectFrom('notification_deliveries as d')
    .innerJoin('notification_targets as t', 't.id', 'd.target_id')
    .selectAll('d')
    .select(['t.kind', 't.address'])
    .where('d.id', '=', id)
    .executeTakeFirst();
}

/** Deletes what is over since before a moment, in milliseconds since the epoch. @returns how many */
export async function forgetDeliveries({ db }: Store, before: number): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('notification_deliveries')
    .where('ended_at', 'is not', null)
    .where('ended_at', '<', before)
    .executeTakeFirst();
  return Number(numDeletedRows);
}

function withTargets({ db }: Store) {
  return db
    .selectFrom('notification_deliveries as d')
    .innerJoin('notification_targets as t', 't.id', 'd.target_id')
    .select(['d.id', 'd.event_id', 'd.destination', 'd.event', 'd.payload', 'd.tries', 'd.created_at'])
    .select(['t.kind', 't.address', 't.secret']);
}
