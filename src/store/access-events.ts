import { appendEvent } from './events.ts';
import { QUEUE_EVENT_JOB_ID } from './queue-state.ts';
import type { Store, Trx } from './store.ts';

/** Tells in the trail that somebody came or went who may come in, in the transaction that did it. */
export async function appendAccessEvent(
  store: Store,
  trx: Trx,
  { actor, reason }: { actor: string; reason: string },
): Promise<void> {
  await appendEvent(store, trx, { jobId: QUEUE_EVENT_JOB_ID, at: store.clock.now(), type: 'access', actor, reason });
}
