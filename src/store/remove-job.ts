import type { Kysely } from 'kysely';
import type { JobStatus } from '../domain/job.ts';
import { appendEvent } from './events.ts';
import { lockJob } from './fence.ts';
import { literal } from './literal.ts';
import { inParts } from './parts.ts';
import type { Database } from './schema.ts';
import type { Store } from './store.ts';
import { inTransaction } from './transaction.ts';

/** What is known of a job that is no more. */
export interface Removed {
  filename: string;
  status: JobStatus;
}

/**
 * Deletes a job that nobody works on: its row and whatever belongs to it. That it was there is told by its events, which
 * stay, and by one that says who deleted it.
 * @returns undefined when it is being worked on, or is not there; then nothing was changed
 */
export async function removeJob(
  store: Store,
  jobId: number,
  { actor, reason }: { actor: string; reason?: string },
): Promise<Removed | undefined> {
  return await inTransaction(store, async (trx) => {
    const head = await lockJob(store, trx, jobId);
    if (!head || head.status === 'processing') return undefined;
    const { filename, user_id } = await trx
      .deleteFrom('transcription_jobs')
      .where('id', '=', jobId)
      .returning(['filename', 'user_id'])
      .executeTakeFirstOrThrow();
    const { status } = head;
    await appendEvent(store, trx, {
      jobId,
      at: store.clock.now(),
      type: 'deleted',
      fromStatus: status,
      actor,
      reason,
      data: { filename, ...(user_id === null ? {} : { userId: user_id }) },
    });
    return { filename, status };
  });
}

/** Of these ids those of jobs that are not there any more because somebody deleted them. */
export async function wereDeleted({ db }: Store, jobIds: readonly number[]): Promise<number[]> {
  const deleted: number[] = [];
  for (const part of inParts(jobIds)) {
    const there = await db.selectFrom('transcription_jobs').select('id').where('id', 'in', part).execute();
    const known = new Set(there.map(({ id }) => id));
    for (const id of part) if (!known.has(id) && (await hasDeletion(db, id))) deleted.push(id);
  }
  return deleted;
}

async function hasDeletion(db: Kysely<Database>, jobId: number): Promise<boolean> {
  const event = await db
    .selectFrom('events')
    .select('id')
    .where('job_id', '=', jobId)
    .where('type', '=', 'deleted')
    .limit(literal(1))
    .executeTakeFirst();
  return event !== undefined;
}
