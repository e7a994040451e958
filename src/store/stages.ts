import { STAGE_NAMES, type StageName, type StageStatus } from '../domain/stage.ts';
import { inLease } from './fence.ts';
import { jsonOrNull } from './json.ts';
import type { StageRow } from './schema.ts';
import type { Store } from './store.ts';

export interface StageChange {
  status: StageStatus;
  /** Per cent. When not given: 100 once complete, else as it was. */
  progress?: number;
  /** Kept as JSON; as it was when not given. */
  output?: unknown;
  errorMessage?: string;
  estimatedEndAt?: number;
}

/**
 * Says where a stage stands. Its start is the moment it became `processing`, its end the moment it left that.
 * @returns false when the lease is lost
 */
export async function setStage(
  store: Store,
  jobId: number,
  leaseToken: string,
  name: StageName,
  change: StageChange,
): Promise<boolean> {
  const won = await inLease(store, jobId, leaseToken, async (trx) => {
    const before = await trx
      .selectFrom('stages')
      .selectAll()
      .where('job_id', '=', jobId)
      .where('name', '=', name)
      .executeTakeFirst();
    const after = changed(before, change, store.clock.now());
    await trx
      .insertInto('stages')
      .values({ job_id: jobId, name, ...after })
      .onConflict((conflict) => conflict.columns(['job_id', 'name']).doUpdateSet(after))
      .execute();
    return true;
  });
  return won ?? false;
}

function changed(before: StageRow | undefined, change: StageChange, now: number): Omit<StageRow, 'job_id' | 'name'> {
  return {
    status: change.status,
    progress: change.progress ?? (change.status === 'complete' ? 100 : (before?.progress ?? 0)),
    ...times(before, change.status, now),
    estimated_end_at:
      change.estimatedEndAt ?? (change.status === 'processing' ? (before?.estimated_end_at ?? null) : null),
    output: change.output === undefined ? (before?.output ?? null) : jsonOrNull(change.output),
    error_message: change.errorMessage ?? null,
  };
}

function times(before: StageRow | undefined, status: StageStatus, now: number) {
  switch (status) {
    case 'not_started':
      return { started_at: null, ended_at: null };
    case 'processing':
      return { started_at: before?.status === 'processing' ? before.started_at : now, ended_at: null };
    case 'skipped':
      return { started_at: null, ended_at: now };
    case 'complete':
    case 'error':
      return { started_at: before?.started_at ?? now, ended_at: now };
  }
}

/** A job's stages in the order in which they are done. */
export async function listStages(store: Store, jobId: number): Promise<StageRow[]> {
  const rows = await store.db.selectFrom('stages').selectAll().where('job_id', '=', jobId).execute();
  return rows.sort((a, b) => STAGE_NAMES.indexOf(a.name) - STAGE_NAMES.indexOf(b.name));
}
