/** Who is told when a job ends, and what they were told. */
import { deliveriesOf, targetsOf } from '../../jobs/notifications.ts';
import { listDeliveries, listTargets } from '../schemas/notifications.ts';
import { lookUp } from './look-up.ts';

export const targets = lookUp('/api/notifications/targets', listTargets, async ({ store }, { userId }) => ({
  targets: await targetsOf(store, userId),
}));

export const deliveries = lookUp(
  '/api/notifications/deliveries',
  listDeliveries,
  async ({ store }, { query, userId }) => ({ deliveries: await deliveriesOf(store, query, userId) }),
);
