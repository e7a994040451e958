import { isAtRest, JOB_STATUSES, type JobStatus } from '../domain/job.ts';
import { literal } from './literal.ts';
import { inParts } from './parts.ts';
import type { Store, Trx } from './store.ts';

/** A file of a watched folder as it was when it was looked at. */
export interface WatchedFile {
  /** Absolute. */
  path: string;
  bytes: number;
  modifiedMs: number;
}

/** A file of a watched folder whose job has come to rest, and whose result nobody was told yet. */
export interface WatchedResult {
  path: string;
  jobId: number;
  status: JobStatus;
}

/** A pause is not the end of it. */
const ENDS = JOB_STATUSES.filter((status) => isAtRest(status) && status !== 'paused');

/** Records that a file was handed in. One with the same path and another content is a new one. */
export async function noteWatched(db: Store['db'] | Trx, file: WatchedFile, jobId: number, now: number): Promise<void> {
  const row = { bytes: file.bytes, modified_ms: file.modifiedMs, job_id: jobId, at: now, told_at: null };
  await db
    .insertInto('watched_files')
    .values({ path: file.path, ...row })
    .onConflict((conflict) => conflict.column('path').doUpdateSet(row))
    .execute();
}

/** Those of the files that were not handed in yet as they are now. */
export async function notHandedIn(store: Store, files: readonly WatchedFile[]): Promise<WatchedFile[]> {
  const known = new Map<string, { bytes: number; modified_ms: number }>();
  for (const part of inParts(files.map(({ path }) => path))) {
    const rows = await store.db
      .selectFrom('watched_files')
      .select(['path', 'bytes', 'modified_ms'])
      .where('path', 'in', part)
      .execute();
    for (const row of rows) known.set(row.path, row);
  }
  return files.filter(({ path, bytes, modifiedMs }) => {
    const row = known.get(path);
    return row?.bytes !== bytes || row.modified_ms !== modifiedMs;
  });
}

/** Files whose jobs have ended since the last time somebody was told, by their jobs. */
export async function watchedResults(store: Store): Promise<WatchedResult[]> {
  const rows = await store.db
    .selectFrom('watched_files as w')
    .innerJoin('transcription_jobs as j', 'j.id', 'w.job_id')
    .select(['w.path', 'w.job_id', 'j.status'])
    .where('w.told_at', 'is', null)
    .where('j.status', 'in', ENDS.map(literal))
    .orderBy('w.job_id')
    .orderBy('w.path')
    .execute();
  return rows.map(({ path, job_id, status }) => ({ path, jobId: job_id as number, status }));
}

/**
 * Records that the result of a file's job was given out.
 * @returns false when it was before, or the path has become another job meanwhile
 */
export async function noteTold(store: Store, { path, jobId }: { path: string; jobId: number }): Promise<boolean> {
  const { numUpdatedRows } = await store.db
    .updateTable('watched_files')
    .set({ told_at: store.clock.now() })
    .where('path', '=', path)
    .where('job_id', '=', jobId)
    .where('told_at', 'is', null)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}
