import { appendEvent } from './events.ts';
import { lockJob } from './fence.ts';
import type { Store } from './store.ts';
import { inTransaction } from './transaction.ts';

/**
 * Makes the pause of a job that is paused by something else the user's own, so that it does not go on by itself.
 * @returns who had paused it before; undefined when it is not paused, or by the user already
 */
export async function takeOverPause(
  store: Store,
  jobId: number,
  { actor }: { actor: string },
): Promise<string | undefined> {
  return await inTransaction(store, async (trx) => {
    const head = await lockJob(store, trx, jobId);
    if (head?.status !== 'paused') return undefined;
    const { paused_by } = await trx
      .selectFrom('transcription_jobs')
      .select('paused_by')
      .where('id', '=', jobId)
      .executeTakeFirstOrThrow();
    if (paused_by === null || paused_by === 'user') return undefined;
    const now = store.clock.now();
    await trx
      .updateTable('transcription_jobs')
      .set({ paused_by: 'user', updated_at: now })
      .where('id', '=', jobId)
      .execute();
    await appendEvent(store, trx, {
      jobId,
      at: now,
      type: 'changed',
      actor,
      reason: `Paused by user, no longer by ${paused_by}`,
      data: { what: 'paused_by', from: paused_by, to: 'user' },
    });
    return paused_by;
  });
}
