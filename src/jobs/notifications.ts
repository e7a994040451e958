/** Who is told when a job ends: the list of them, and the log of what they were told. */
import { UsageError } from '../domain/errors.ts';
import type { NotificationEvent, TargetKind } from '../domain/notification.ts';
import { type Delivery, getDelivery, listDeliveries } from '../store/notification-deliveries.ts';
import { noteTest } from '../store/notification-outbox.ts';
import {
  deleteTarget,
  getTarget,
  insertTarget,
  listTargets,
  type NewTarget,
  type Target,
  type TargetChange,
  updateTarget,
} from '../store/notification-targets.ts';
import type { Store } from '../store/store.ts';
import { type Reach, requireSecretFits, requireUsable } from './notification-address.ts';

/** What the one who tells can do. */
export interface NotificationControl extends Reach {
  /** Tries a delivery once, now. */
  tryOnce(deliveryId: number): Promise<void>;
}

interface Context {
  store: Store;
  notifications: Reach;
}

/** A target as people and programs see it. Its secret is not shown, only whether it has one. */
export interface TargetView {
  id: number;
  kind: TargetKind;
  address: string;
  events: NotificationEvent[];
  signed: boolean;
  enabled: boolean;
  /** `settings`: it follows LONGHAND_MAIL_TO. */
  origin: 'user' | 'settings';
  createdAt: string;
}

/** One notification to one receiver. Times are ISO 8601. */
export interface DeliveryView {
  id: number;
  /** As the receiver sees it: the same at every try. */
  eventId: string;
  event: Delivery['event'];
  target: number;
  kind: TargetKind;
  address: string;
  job: number | null;
  status: Delivery['status'];
  tries: number;
  createdAt: string;
  triedAt: string | null;
  /** When it is tried again; null when it is over. */
  nextAt: string | null;
  endedAt: string | null;
  httpStatus: number | null;
  error: string | null;
}

/** There is no target with that number, or it is somebody else's. */
export class TargetNotFoundError extends UsageError {
  readonly statusCode = 404;
  readonly code = 'target_not_found';

  constructor(id: number) {
    super(`There is no notification target ${id}.`, 'See: longhand notify list');
  }
}

/** It comes from the settings and follows them. */
export class TargetFromSettingsError extends UsageError {
  readonly statusCode = 409;
  readonly code = 'target_from_settings';

  constructor(id: number) {
    super(`Target ${id} comes from the settings.`, 'Change LONGHAND_MAIL_TO and start the service again.');
  }
}

/** @param userId whose targets; null: everybody's */
export async function targetsOf(store: Store, userId: string | null): Promise<TargetView[]> {
  return (await listTargets(store, userId)).map(viewOf);
}

/** @throws UsageError when nothing could be sent there */
export async function addTarget(context: Context, target: NewTarget, userId: string | null): Promise<TargetView> {
  requireUsable(context.notifications, target);
  const id = await insertTarget(context.store, target, userId);
  return viewOf(await requireTarget(context.store, id, userId));
}

/** @throws TargetNotFoundError, TargetFromSettingsError, UsageError when nothing could be sent there */
export async function changeTarget(
  context: Context,
  id: number,
  change: TargetChange,
  userId: string | null,
): Promise<TargetView> {
  const { store } = context;
  const target = await requireTarget(store, id, userId);
  if (change.address !== undefined)
    requireUsable(context.notifications, { kind: target.kind, address: change.address });
  requireSecretFits(target.kind, change.secret);
  if (!(await updateTarget(store, target, change))) throw await whyNot(store, id, userId);
  return viewOf(await requireTarget(store, id, userId));
}

/** @throws TargetNotFoundError, TargetFromSettingsError */
export async function removeTarget(store: Store, id: number, userId: string | null): Promise<TargetView> {
  const target = await requireTarget(store, id, userId);
  if (!(await deleteTarget(store, id))) throw await whyNot(store, id, userId);
  return viewOf(target);
}

/**
 * Sends a notification that says nothing else, once.
 * @returns how it went
 * @throws TargetNotFoundError
 */
export async function testTarget(
  { store, tryOnce }: { store: Store; tryOnce: NotificationControl['tryOnce'] },
  id: number,
  userId: string | null,
): Promise<DeliveryView> {
  const deliveryId = await noteTest(store, await requireTarget(store, id, userId));
  await tryOnce(deliveryId);
  const delivery = await getDelivery(store, deliveryId);
  // Removed while it was tried.
  if (!delivery) throw new TargetNotFoundError(id);
  return deliveryViewOf(delivery);
}

/** The newest deliveries, newest first. */
export async function deliveriesOf(
  store: Store,
  wanted: { target?: number | undefined; status?: Delivery['status'] | undefined; limit: number },
  userId: string | null,
): Promise<DeliveryView[]> {
  const { target: targetId, status, limit } = wanted;
  return (await listDeliveries(store, { whose: userId, targetId, status, limit })).map(deliveryViewOf);
}

async function requireTarget(store: Store, id: number, userId: string | null): Promise<Target> {
  const target = await getTarget(store, id, userId);
  if (!target) throw new TargetNotFoundError(id);
  return target;
}

async function whyNot(store: Store, id: number, userId: string | null): Promise<UsageError> {
  const target = await getTarget(store, id, userId);
  return target?.origin === 'settings' ? new TargetFromSettingsError(id) : new TargetNotFoundError(id);
}

function viewOf({ id, kind, address, events, signed, enabled, origin, created_at }: Target): TargetView {
  return {
    id,
    kind,
    address,
    events: JSON.parse(events) as NotificationEvent[],
    signed,
    enabled: enabled === 1,
    origin,
    createdAt: isoOf(created_at),
  };
}

function deliveryViewOf(row: Delivery): DeliveryView {
  return {
    id: row.id,
    eventId: row.event_id,
    event: row.event,
    target: row.target_id,
    kind: row.kind,
    address: row.address,
    job: row.job_id,
    status: row.status,
    tries: row.tries,
    createdAt: isoOf(row.created_at),
    triedAt: row.tried_at === null ? null : isoOf(row.tried_at),
    nextAt: row.status === 'pending' ? isoOf(row.next_at) : null,
    endedAt: row.ended_at === null ? null : isoOf(row.ended_at),
    httpStatus: row.http_status,
    error: row.error,
  };
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}
