import { canTransition, type JobStatus, type Pauser, refusal, statesBefore } from '../domain/job.ts';
import type { JobHead } from './fence.ts';
import type { Store } from './store.ts';

/** What must hold for a step to be taken, besides its being legal. */
export interface Conditions {
  /** Only from these states, of those from which the step is legal at all. */
  from?: readonly JobStatus[];
  /** Only while this lease holds. */
  leaseToken?: string;
  /** Only when it was paused by this one. */
  pausedBy?: Pauser;
}

/**
 * What stands against a step, in a sentence, or undefined when nothing does. `transition` asks it before it does anything,
 * and `explainRefusal` afterwards, so that what is said is what was checked.
 */
export function objection(id: number, job: JobHead | undefined, to: JobStatus, how: Conditions): string | undefined {
  if (!job) return `There is no job ${id}.`;
  const { status } = job;
  if (!canTransition(status, to)) return refusal(status, to);
  if (to === 'processing') return `Job ${id} becomes processing by a claim alone, which gives it a lease and a run.`;
  const { from } = how;
  if (from && !from.includes(status)) {
    const wanted = statesBefore(to).filter((state) => from.includes(state));
    return `Job ${id} is ${status} now; it was to become ${to} only from ${wanted.join(' or ') || 'no state at all'}.`;
  }
  if (how.leaseToken !== undefined && how.leaseToken !== job.lease_token) {
    const now = job.lease_token === null ? 'nobody works on it' : 'somebody else works on it';
    return `The lease on job ${id} is lost: it is ${status} now, and ${now}.`;
  }
  if (how.pausedBy !== undefined && how.pausedBy !== job.paused_by) {
    return `Job ${id} is paused by ${job.paused_by}, and not by ${how.pausedBy}.`;
  }
  return undefined;
}

/**
 * Why `transition` answered false, in words for a person. It looks at the job as it is now; when nothing stands against the
 * step any more, the job has changed in between.
 * @param how what `transition` was given
 */
export async function explainRefusal(store: Store, id: number, to: JobStatus, how: Conditions = {}): Promise<string> {
  const job = await store.db
    .selectFrom('transcription_jobs')
    .select(['status', 'lease_token', 'priority', 'elapsed_seconds', 'paused_by'])
    .where('id', '=', id)
    .executeTakeFirst();
  return objection(id, job, to, how) ?? `Job ${id} has just changed and is ${job?.status} now. Try again.`;
}
