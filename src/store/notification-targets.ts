import { type Expression, type ExpressionBuilder, type SqlBool, sql } from 'kysely';
import type { NotificationEvent, TargetKind } from '../domain/notification.ts';
import type { Database, TargetRow } from './schema.ts';
import type { Store, Trx } from './store.ts';
import { inTransaction } from './transaction.ts';

/** A target without its secret, which nobody is shown. */
export type Target = Omit<TargetRow, 'secret'> & { signed: boolean };

export interface NewTarget {
  kind: TargetKind;
  address: string;
  /** What webhooks are signed with. */
  secret?: string | undefined;
  events: readonly NotificationEvent[];
}

export interface TargetChange {
  address?: string | undefined;
  secret?: string | undefined;
  events?: readonly NotificationEvent[] | undefined;
  enabled?: boolean | undefined;
}

/** Whose targets are meant; null: everybody's. */
type Whose = string | null;

/** @returns the target's id */
export async function insertTarget(store: Store, target: NewTarget, userId: Whose): Promise<number> {
  const { id } = await store.db
    .insertInto('notification_targets')
    .values({ ...rowOf(target), origin: 'user', user_id: userId, created_at: store.clock.now() })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

/** Targets that are told of one job alone; they go when the job is deleted. One that is there already is not added again. */
export async function addJobTargets(
  trx: Trx,
  jobId: number,
  { targets, userId, now }: { targets: readonly NewTarget[]; userId: Whose; now: number },
): Promise<void> {
  for (const target of targets) {
    const there = await trx
      .selectFrom('notification_targets')
      .select('id')
      .where('job_id', '=', jobId)
      .where('kind', '=', target.kind)
      .where('address', '=', target.address)
      .executeTakeFirst();
    if (there) continue;
    await trx
      .insertInto('notification_targets')
      .values({ ...rowOf(target), origin: 'user', user_id: userId, job_id: jobId, created_at: now })
      .execute();
  }
}

/** All targets that are told of every job, in the order in which they were made. */
export async function listTargets({ db }: Store, whose: Whose): Promise<Target[]> {
  return await db
    .selectFrom('notification_targets')
    .select(SHOWN)
    .select(isSigned)
    .where('job_id', 'is', null)
    .where(belongsTo(whose))
    .orderBy('id')
    .execute()
    .then((rows) => rows.map(asTarget));
}

/** One of them. */
export async function getTarget({ db }: Store, id: number, whose: Whose): Promise<Target | undefined> {
  const row = await db
    .selectFrom('notification_targets')
    .select(SHOWN)
    .select(isSigned)
    .where('id', '=', id)
    .where('job_id', 'is', null)
    .where(belongsTo(whose))
    .executeTakeFirst();
  return row && asTarget(row);
}

/** @returns whether it was there to be changed. Those from the settings are not changed */
export async function updateTarget({ db }: Store, target: Target, change: TargetChange): Promise<boolean> {
  const { address, secret, events, enabled } = change;
  const { numUpdatedRows } = await db
    .updateTable('notification_targets')
    .set({
      ...(address === undefined ? {} : { address, destination: destinationOf(target.kind, address) }),
      ...(secret === undefined ? {} : { secret }),
      ...(events === undefined ? {} : { events: JSON.stringify(events) }),
      // Last, so that there is always something to set.
      enabled: (enabled ?? target.enabled === 1) ? 1 : 0,
    })
    .where('id', '=', target.id)
    .where('origin', '=', 'user')
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** Removes it with what was still to be told to it. @returns whether it was there. Those from the settings stay */
export async function deleteTarget({ db }: Store, id: number): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('notification_targets')
    .where('id', '=', id)
    .where('origin', '=', 'user')
    .executeTakeFirst();
  return numDeletedRows === 1n;
}

/** Makes the e-mail targets that come from the settings those that the settings name now. */
export async function keepSettingsTargets(
  store: Store,
  addresses: readonly string[],
  events: readonly NotificationEvent[],
): Promise<void> {
  await inTransaction(store, async (trx) => {
    const there = await trx
      .selectFrom('notification_targets')
      .select(['id', 'address'])
      .where('origin', '=', 'settings')
      .execute();
    const gone = there.filter(({ address }) => !addresses.includes(address)).map(({ id }) => id);
    if (gone.length > 0) await trx.deleteFrom('notification_targets').where('id', 'in', gone).execute();
    const fresh = addresses.filter((address) => !there.some((target) => target.address === address));
    if (fresh.length === 0) return;
    const rows = fresh.map((address) => rowOf({ kind: 'email', address, events }));
    await trx
      .insertInto('notification_targets')
      .values(rows.map((row) => ({ ...row, origin: 'settings' as const, created_at: store.clock.now() })))
      .execute();
  });
}

function rowOf({ kind, address, secret, events }: NewTarget) {
  return {
    kind,
    address,
    destination: destinationOf(kind, address),
    secret: secret ?? null,
    events: JSON.stringify(events),
  };
}

function destinationOf(kind: TargetKind, address: string): string {
  return kind === 'webhook' ? new URL(address).origin : 'mail';
}

const SHOWN = [
  'id',
  'kind',
  'address',
  'destination',
  'events',
  'origin',
  'user_id',
  'job_id',
  'enabled',
  'created_at',
] as const satisfies readonly (keyof TargetRow)[];

const isSigned = sql<number>`case when secret is null then 0 else 1 end`.as('signed');

function asTarget(row: Omit<Target, 'signed'> & { signed: number }): Target {
  return { ...row, signed: row.signed === 1 };
}

function belongsTo(whose: Whose) {
  return (eb: ExpressionBuilder<Database, 'notification_targets'>): Expression<SqlBool> =>
    whose === null ? eb.lit(true) : eb('user_id', '=', whose);
}
