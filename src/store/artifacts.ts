import type { StageName } from '../domain/stage.ts';
import { inLease } from './fence.ts';
import type { ArtifactRow } from './schema.ts';
import type { Store } from './store.ts';

export interface NewArtifact {
  stage: StageName;
  /** Unique within the job. */
  name: string;
  /** Relative to the job's folder. */
  path: string;
  /** Hexadecimal. */
  sha256: string;
  bytes: number;
}

/**
 * Records a file that stands complete on disk. A second record of the same name replaces the first.
 * @returns false when the lease is lost
 */
export async function recordArtifact(
  store: Store,
  jobId: number,
  leaseToken: string,
  artifact: NewArtifact,
): Promise<boolean> {
  const { stage, name, path, sha256, bytes } = artifact;
  const facts = { stage, path, sha256, bytes, created_at: store.clock.now() };
  const won = await inLease(store, jobId, leaseToken, async (trx) => {
    await trx
      .insertInto('artifacts')
      .values({ job_id: jobId, name, ...facts })
      .onConflict((conflict) => conflict.columns(['job_id', 'name']).doUpdateSet(facts))
      .execute();
    return true;
  });
  return won ?? false;
}

/** A job's artifacts, oldest first. */
export async function listArtifacts(store: Store, jobId: number): Promise<ArtifactRow[]> {
  return await store.db.selectFrom('artifacts').selectAll().where('job_id', '=', jobId).orderBy('id').execute();
}

/**
 * Forgets an artifact whose file is gone or damaged.
 * @returns false when there was none of that name
 */
export async function dropArtifact(store: Store, jobId: number, name: string): Promise<boolean> {
  const { numDeletedRows } = await store.db
    .deleteFrom('artifacts')
    .where('job_id', '=', jobId)
    .where('name', '=', name)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}
