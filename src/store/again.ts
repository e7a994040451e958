import type { JobStatus } from '../domain/job.ts';
import type { StageName } from '../domain/stage.ts';
import type { JobPatch } from './schema.ts';
import type { Store, Trx } from './store.ts';
import { transition } from './transition.ts';

/** From where the next run of a job begins: where the last one stopped, at one of its stages, or as if it were new. */
export type Beginning = 'checkpoint' | 'prepare' | 'transcribe' | 'start';

export interface Again {
  /** The state that the caller saw. */
  from: JobStatus;
  beginning: Beginning;
  /** Names of artifacts that stay until the next run has made them anew. */
  keep: readonly string[];
  actor: string;
  reason: string;
}

/**
 * Makes a job that rests wait for another run, and forgets what that run shall do again. All of it is one transaction. The
 * parameters it was submitted with stay.
 * @returns whether this call did it
 */
export async function beginAgain(store: Store, id: number, again: Again): Promise<boolean> {
  const { from, beginning, keep, actor, reason } = again;
  return await transition(store, id, 'pending', {
    from: [from],
    actor,
    reason,
    data: { beginning },
    ...(beginning === 'checkpoint' ? {} : { set: ANEW }),
    also: (trx) => FORGET[beginning](trx, id, keep),
  });
}

/** What the job has from its runs so far. */
const ANEW = {
  progress: 0,
  progress_stage: 'pending',
  elapsed_seconds: 0,
  speed: 0,
  smaller_model: null,
} as const satisfies JobPatch;

type Forget = (trx: Trx, id: number, keep: readonly string[]) => Promise<void>;

const FORGET: Record<Beginning, Forget> = {
  checkpoint: async () => undefined,
  /** The sound stays as it is cut; what was heard in it goes. */
  transcribe: async (trx, id) => {
    await trx
      .updateTable('chunks')
      .set({ status: 'pending', attempts: 0, ...NOT_DONE })
      .where('job_id', '=', id)
      .where('speech', '=', 1)
      .execute();
    await forgetStages(trx, id, ['transcribe']);
  },
  /** The cut is made anew, so nothing that was heard by the old one fits it. */
  prepare: async (trx, id, keep) => {
    await forgetWork(trx, id, keep);
    await forgetStages(trx, id, ['prepare', 'transcribe']);
  },
  start: async (trx, id, keep) => {
    await forgetWork(trx, id, keep);
    await forgetStages(trx, id);
  },
};

const NOT_DONE = {
  words: null,
  engine: null,
  model: null,
  work_ms: null,
  run_id: null,
  committed_at: null,
  error_message: null,
  evidence: null,
} as const;

async function forgetWork(trx: Trx, id: number, keep: readonly string[]): Promise<void> {
  await trx.deleteFrom('chunks').where('job_id', '=', id).execute();
  let artifacts = trx.deleteFrom('artifacts').where('job_id', '=', id);
  if (keep.length > 0) artifacts = artifacts.where('name', 'not in', keep);
  await artifacts.execute();
}

/** All of them, or these. One that is left out of the job stays so. */
async function forgetStages(trx: Trx, id: number, names?: readonly StageName[]): Promise<void> {
  let stages = trx
    .updateTable('stages')
    .set({
      status: 'not_started',
      progress: 0,
      started_at: null,
      ended_at: null,
      estimated_end_at: null,
      output: null,
      error_message: null,
    })
    .where('job_id', '=', id)
    .where('status', '<>', 'skipped');
  if (names) stages = stages.where('name', 'in', names);
  await stages.execute();
}
