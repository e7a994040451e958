import { inParts } from './parts.ts';
import type { Store } from './store.ts';

/** Whose a job is: the user's id, null for one of before there were users; undefined when there is no such job. */
export async function ownerOf({ db }: Store, jobId: number): Promise<string | null | undefined> {
  const row = await db.selectFrom('transcription_jobs').select('user_id').where('id', '=', jobId).executeTakeFirst();
  return row?.user_id;
}

/** Of these jobs those of a user. @param ids any number of them */
export async function ownedAmong({ db }: Store, userId: string, ids: readonly number[]): Promise<Set<number>> {
  const owned = new Set<number>();
  for (const part of inParts(ids)) {
    const rows = await db
      .selectFrom('transcription_jobs')
      .select('id')
      .where('id', 'in', part)
      .where('user_id', '=', userId)
      .execute();
    for (const { id } of rows) owned.add(id);
  }
  return owned;
}
