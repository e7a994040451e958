import { sql } from 'kysely';
import { literal } from './literal.ts';
import type { JobRow } from './schema.ts';
import type { Store, Trx } from './store.ts';

/** Of one content there are seldom more jobs; the newest are enough to find one that did the same. */
const MOST_SHOWN = 100;

/** A job's recording, as far as it was looked at. */
export type JobSource = Pick<JobRow, 'id' | 'original_path' | 'source_bytes' | 'source_modified_ms'>;

/** What tells whether a job did what is asked for now. */
export type JobOfContent = Pick<
  JobRow,
  'id' | 'filename' | 'status' | 'engine' | 'model' | 'language' | 'parameters' | 'user_id'
>;

/** Where the recordings of jobs lie, and what was made of them elsewhere. */
export async function recordingPaths(store: Store, ids: readonly number[]): Promise<string[]> {
  const rows = await store.db
    .selectFrom('transcription_jobs')
    .select(['original_path', 'output_path'])
    .where('id', 'in', ids)
    .execute();
  return rows.flatMap(({ original_path, output_path }) => [original_path, output_path].filter((path) => path !== null));
}

/** The highest id of a job whose recording has so many bytes, or 0. */
export async function newestOfSize(db: Store['db'] | Trx, bytes: number): Promise<number> {
  const row = await db
    .selectFrom('transcription_jobs')
    .select(({ fn }) => fn.max('id').as('id'))
    .where('source_bytes', '=', bytes)
    .executeTakeFirst();
  return row?.id ?? 0;
}

/** Until the transaction ends, nobody else who holds the same size inserts a job. SQLite has one writer at a time anyway. */
export async function holdSize({ dialect }: Store, trx: Trx, bytes: number): Promise<void> {
  if (dialect === 'postgres')
    await sql`select pg_advisory_xact_lock(hashtext('source_bytes'), hashint8(${bytes}::bigint))`.execute(trx);
}

/** Jobs with a recording of so many bytes that nobody has hashed yet. */
export async function unhashedOfSize(store: Store, bytes: number): Promise<JobSource[]> {
  return await store.db
    .selectFrom('transcription_jobs')
    .select(['id', 'original_path', 'source_bytes', 'source_modified_ms'])
    .where('source_bytes', '=', bytes)
    .where('source_sha256', 'is', null)
    .orderBy('id')
    .execute();
}

/** Jobs that have this very content as their recording, the newest first. @param wanted `userId`: only this user's */
export async function jobsOfContent(
  store: Store,
  { bytes, sha256, userId }: { bytes: number; sha256: string; userId?: string | undefined },
): Promise<JobOfContent[]> {
  let query = store.db
    .selectFrom('transcription_jobs')
    .select(['id', 'filename', 'status', 'engine', 'model', 'language', 'parameters', 'user_id'])
    .where('source_bytes', '=', bytes)
    .where('source_sha256', '=', sha256)
    .orderBy('id', 'desc')
    .limit(literal(MOST_SHOWN));
  if (userId !== undefined) query = query.where('user_id', '=', userId);
  return await query.execute();
}

/** The jobs whose recording is this very file. */
export async function jobsOfFile(store: Store, { path, bytes }: { path: string; bytes: number }): Promise<number[]> {
  const rows = await store.db
    .selectFrom('transcription_jobs')
    .select('id')
    .where('source_bytes', '=', bytes)
    .where('original_path', '=', path)
    .orderBy('id')
    .execute();
  return rows.map(({ id }) => id);
}

/**
 * Keeps the hash of a job's recording, unless its run was faster or the job is for another one by now.
 * @returns whether it was kept
 */
export async function noteSourceHash(
  store: Store,
  { id, source_bytes, source_modified_ms }: JobSource,
  sha256: string,
): Promise<boolean> {
  const { numUpdatedRows } = await store.db
    .updateTable('transcription_jobs')
    .set({ source_sha256: sha256 })
    .where('id', '=', id)
    .where('source_sha256', 'is', null)
    .where('source_bytes', '=', source_bytes)
    .where('source_modified_ms', '=', source_modified_ms)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/**
 * Says how long a job's recording is, unless that is known already.
 * @returns whether it was said
 */
export async function noteDuration(
  store: Store,
  id: number,
  { minutes, estimatedSeconds }: { minutes: number; estimatedSeconds?: number | undefined },
): Promise<boolean> {
  const { numUpdatedRows } = await store.db
    .updateTable('transcription_jobs')
    .set({ duration_minutes: minutes, estimated_duration: estimatedSeconds })
    .where('id', '=', id)
    .where('duration_minutes', '=', 0)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}
