import type { Kysely } from 'kysely';
import { inParts } from './parts.ts';
import type { Database, QueueRow } from './schema.ts';
import type { Store } from './store.ts';

/** What a waiting job's place in the queue is made of; docs/queue.md tells how it is sorted. */
export type Spot = Pick<QueueRow, 'id' | 'priority' | 'place'>;

/** How many jobs wait before this spot. Three questions, each of which is one stretch of the index of those that wait. */
export async function aheadOf(db: Kysely<Database>, { id, priority, place }: Spot): Promise<number> {
  const waiting = db
    .selectFrom('transcription_queue')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('started_at', 'is', null);
  const ofThisPriority = waiting.where('priority', '=', priority);
  const counted = await Promise.all([
    waiting.where('priority', '>', priority).executeTakeFirstOrThrow(),
    ofThisPriority.where('place', '<', place).executeTakeFirstOrThrow(),
    ofThisPriority.where('place', '=', place).where('id', '<', id).executeTakeFirstOrThrow(),
  ]);
  return counted.reduce((sum, { count }) => sum + Number(count), 0);
}

/** Where a waiting job stands in the queue: 1 is next. Undefined when it does not wait. */
export async function positionOf({ db }: Store, jobId: number): Promise<number | undefined> {
  const spot = await db
    .selectFrom('transcription_queue')
    .select(['id', 'priority', 'place'])
    .where('job_id', '=', jobId)
    .where('started_at', 'is', null)
    .executeTakeFirst();
  return spot ? (await aheadOf(db, spot)) + 1 : undefined;
}

/** Where several jobs stand in the queue; those that do not wait are not in the answer. */
export async function positionsOf({ db }: Store, jobIds: readonly number[]): Promise<Map<number, number>> {
  const positions = new Map<number, number>();
  for (const part of inParts(jobIds)) {
    const rows = await db
      .selectFrom((eb) =>
        eb
          .selectFrom('transcription_queue')
          .select(({ fn }) => [
            'job_id',
            fn
              .agg<number>('row_number')
              .over((over) => over.orderBy('priority', 'desc').orderBy('place').orderBy('id'))
              .as('position'),
          ])
          .where('started_at', 'is', null)
          .as('counted'),
      )
      .select(['job_id', 'position'])
      .where('job_id', 'in', part)
      .execute();
    for (const { job_id, position } of rows) positions.set(job_id, Number(position));
  }
  return positions;
}
