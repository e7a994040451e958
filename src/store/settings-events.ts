import { appendEvent } from './events.ts';
import { QUEUE_EVENT_JOB_ID } from './queue-state.ts';
import type { Store } from './store.ts';
import { inTransaction } from './transaction.ts';

/**
 * Tells in the trail that settings were changed, and lets them be written before that holds: neither is there without the
 * other, unless the computer dies between the two.
 * @param write writes the settings into their file; called again where the transaction is done again, which changes nothing
 */
export async function recordSettings(
  store: Store,
  { actor, reason, data }: { actor: string; reason: string; data: unknown },
  write: () => Promise<void>,
): Promise<void> {
  await inTransaction(store, async (trx) => {
    const at = store.clock.now();
    await appendEvent(store, trx, { jobId: QUEUE_EVENT_JOB_ID, at, type: 'settings', actor, reason, data });
    await write();
  });
}
