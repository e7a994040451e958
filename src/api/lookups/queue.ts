import { queueViewOf } from '../../jobs/queue-view.ts';
import { showQueue } from '../schemas/queue.ts';
import { lookUp } from './look-up.ts';

/** What runs, what waits, and when each is expected to be done. */
export const queue = lookUp('/api/queue', showQueue, (context, { query, userId }) =>
  queueViewOf({ ...context.queue, store: context.store }, userId, query),
);
