/** Who is told of the end of one job alone. */
import { UsageError } from '../domain/errors.ts';
import { NOTIFICATION_EVENTS } from '../domain/notification.ts';
import { getJob } from '../store/jobs.ts';
import { addJobTargets, type NewTarget } from '../store/notification-targets.ts';
import type { Store } from '../store/store.ts';
import { inTransaction } from '../store/transaction.ts';
import { type Reach, requireUsable } from './notification-address.ts';

export interface NotifyWish {
  webhook?: { url: string; secret: string } | undefined;
  email?: string | undefined;
}

const ENDS = NOTIFICATION_EVENTS.filter((event) => event !== 'queue_empty');

/** @throws UsageError when nothing could be sent there, or nobody is told anything here */
export function targetsForJob(reach: Reach | undefined, { webhook, email }: NotifyWish): NewTarget[] {
  if (!reach) throw new UsageError('Nobody is told anything here.', 'Leave out `notify`.');
  const targets: NewTarget[] = [];
  if (webhook) targets.push({ kind: 'webhook', address: webhook.url, secret: webhook.secret, events: ENDS });
  if (email !== undefined) targets.push({ kind: 'email', address: email, events: ENDS });
  for (const target of targets) requireUsable(reach, target);
  return targets;
}

/** They are told of a job that is there already, should it end after this. */
export async function notifyOfJob(store: Store, jobId: number, targets: readonly NewTarget[]): Promise<void> {
  const job = await getJob(store, jobId);
  // Deleted since.
  if (!job) return;
  await inTransaction(store, (trx) =>
    addJobTargets(trx, jobId, { targets, userId: job.user_id, now: store.clock.now() }),
  );
}
