import type { JobStatus } from '../domain/job.ts';
import type { StageName, StageStatus } from '../domain/stage.ts';
import type { NewArtifact } from './artifacts.ts';
import { appendEvent } from './events.ts';
import type { JobInsert, LeaseColumn } from './schema.ts';
import { countOnFrom, lastNumbers } from './sequences.ts';
import type { Store, Trx } from './store.ts';
import { inTransaction } from './transaction.ts';

/** A job of another program, as it shall stand here. */
export interface ImportedJob {
  /** The program and the row, by which it is known again. */
  importedFrom: string;
  /** The number that it had. It keeps it when no number as high was given here yet. */
  formerId: number;
  row: Omit<JobInsert, 'id' | 'imported_from' | 'status' | LeaseColumn> & { status: JobStatus };
  stages: Partial<Record<StageName, StageStatus>>;
  artifact?: NewArtifact | undefined;
  /** Why it stands as it does, in words for a person. */
  reason: string;
  /** What it was before; kept with the event as JSON. */
  data: unknown;
}

/**
 * Takes over a job: its row, its place in the queue when it waits, its stages, its artifact and the event, all or nothing.
 * @returns its number here, and whether this call brought it; one that is here already stays as it is
 */
export async function importJob(store: Store, job: ImportedJob): Promise<{ id: number; isNew: boolean }> {
  return await inTransaction(store, async (trx) => {
    await countOnFrom(store, trx, 0);
    const known = await trx
      .selectFrom('transcription_jobs')
      .select('id')
      .where('imported_from', '=', job.importedFrom)
      .executeTakeFirst();
    if (known) return { id: known.id, isNew: false };
    const id = await insertRow(store, trx, job);
    await insertWhatHangsOnIt(trx, id, job);
    await appendEvent(store, trx, {
      jobId: id,
      at: store.clock.now(),
      type: 'submitted',
      toStatus: job.row.status,
      actor: 'import',
      reason: job.reason,
      data: job.data,
    });
    return { id, isNew: true };
  });
}

async function insertRow(store: Store, trx: Trx, { importedFrom, formerId, row }: ImportedJob): Promise<number> {
  const given = await lastNumbers(trx, store.dialect, ['transcription_jobs']);
  const keeps = formerId > (given.transcription_jobs ?? 0);
  if (keeps) await countOnFrom(store, trx, formerId);
  const { id } = await trx
    .insertInto('transcription_jobs')
    .values({ ...row, imported_from: importedFrom, ...(keeps ? { id: formerId } : {}) })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

async function insertWhatHangsOnIt(trx: Trx, id: number, { row, stages, artifact }: ImportedJob): Promise<void> {
  const { created_at, started_at, completed_at } = row;
  if (row.status === 'pending')
    await trx.insertInto('transcription_queue').values({ job_id: id, created_at, place: created_at }).execute();
  const stageRows = Object.entries(stages).map(([name, status]) => ({
    job_id: id,
    name: name as StageName,
    status,
    ...(status === 'complete' ? { progress: 100, started_at, ended_at: completed_at } : {}),
  }));
  // One by one, because not all have the same columns.
  for (const stage of stageRows) await trx.insertInto('stages').values(stage).execute();
  if (artifact) {
    await trx
      .insertInto('artifacts')
      .values({ job_id: id, ...artifact, created_at })
      .execute();
  }
}
