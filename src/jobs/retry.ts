import { UsageError } from '../domain/errors.ts';
import type { JobStatus } from '../domain/job.ts';
import { STAGE_NAMES, type StageName } from '../domain/stage.ts';
import { TRANSCRIPT_ARTIFACT } from '../pipeline/stages/transcribe.ts';
import { type Beginning, beginAgain } from '../store/again.ts';
import { listArtifacts } from '../store/artifacts.ts';
import { getJob, transition } from '../store/jobs.ts';
import type { Store } from '../store/store.ts';
import { actor } from './actor.ts';
import { JobStateError, jobNotFound } from './errors.ts';
import { keepTranscript } from './transcript-versions.ts';

/** Stages that a job goes through today. */
const STAGES_THERE_ARE = ['prepare', 'transcribe'] as const satisfies readonly StageName[];

/** How a job is to be done again; from its checkpoint when nothing is said. */
export interface RetryWish {
  fromStart?: boolean | undefined;
  /** One stage of it, and what is made of that stage's result. */
  stage?: string | undefined;
}

export interface RetryContext {
  store: Store;
  /** Resolves when nobody works on the job any more, not even on its last word. */
  settled(jobId: number): Promise<void>;
  /** The job's folder of files. */
  folderOf(jobId: number): string;
  /** Removes files of the job that are older than the moment, but for the named ones. */
  removeFiles(jobId: number, keep: { names: readonly string[]; newerThanMs: number }): Promise<void>;
}

export interface Retried {
  id: number;
  from: JobStatus;
  beginning: Beginning;
}

/**
 * Makes a failed or cancelled job wait for another run, from its checkpoint, from the start, or with one stage again; of a
 * completed one only the latter two make sense. A job that waits for a retry of its own tries at once. The transcript that is
 * there can be read until the new one is, and stays a version of it.
 * @throws UsageError for a stage that there is not; JobNotFoundError; JobStateError with what to do instead
 */
export async function retry(context: RetryContext, id: number, wish: RetryWish = {}): Promise<Retried> {
  const beginning = beginningOf(wish);
  const { store } = context;
  const job = await getJob(store, id);
  if (!job) throw await jobNotFound(store, id);
  const from = job.status;
  if (from === 'retrying' && beginning === 'checkpoint') return await tryNow(store, id);
  refuse(id, from, beginning);
  await context.settled(id);
  const keep = [TRANSCRIPT_ARTIFACT];
  if (beginning !== 'checkpoint' && (await hasTranscript(store, id)))
    await keepTranscript(store, id, context.folderOf(id));
  const at = store.clock.now();
  const won = await beginAgain(store, id, { from, beginning, keep, actor: actor(), reason: REASONS[beginning] });
  if (!won) throw changed(id);
  if (beginning === 'start' || beginning === 'prepare') {
    await context.removeFiles(id, { names: [`${TRANSCRIPT_ARTIFACT}.json`], newerThanMs: at });
  }
  return { id, from, beginning };
}

async function hasTranscript(store: Store, id: number): Promise<boolean> {
  return (await listArtifacts(store, id)).some(({ name }) => name === TRANSCRIPT_ARTIFACT);
}

const REASONS: Record<Beginning, string> = {
  checkpoint: 'Retried from its checkpoint',
  start: 'Retried from the start',
  prepare: 'Stage prepare asked for again',
  transcribe: 'Stage transcribe asked for again',
};

/** What the next run begins with. @throws UsageError when there is no such stage */
export function beginningOf({ fromStart, stage }: RetryWish): Beginning {
  if (stage === undefined) return fromStart ? 'start' : 'checkpoint';
  if (fromStart) {
    throw new UsageError('Either one stage again or all from the start, not both.', 'Leave one of the two out.');
  }
  const found = STAGES_THERE_ARE.find((name) => name === stage);
  if (found) return found;
  const those = `Stages that can be done again: ${STAGES_THERE_ARE.join(', ')}.`;
  const known = (STAGE_NAMES as readonly string[]).includes(stage);
  throw new UsageError(
    known ? `This version of Longhand does not do the stage ${stage} yet.` : `There is no stage "${stage}".`,
    those,
  );
}

/** @throws JobStateError when there is nothing to do again, or not like this */
function refuse(id: number, status: JobStatus, beginning: Beginning): void {
  const anew = `To begin anew: longhand cancel ${id}, then longhand retry ${id} --from-start`;
  switch (status) {
    case 'failed':
    case 'cancelled':
      return;
    case 'completed':
      if (beginning !== 'checkpoint') return;
      throw new JobStateError(
        `Job ${id} is completed; nothing of it failed.`,
        `To do it again all the same: longhand retry ${id} --from-start, or longhand retry ${id} --stage transcribe`,
      );
    case 'paused':
      throw new JobStateError(
        `Job ${id} is paused; it did not fail.`,
        beginning === 'checkpoint' ? `Go on with: longhand resume ${id}` : anew,
      );
    case 'pending':
      throw new JobStateError(
        `Job ${id} waits for its turn; it did not fail.`,
        beginning === 'checkpoint' ? `Go on with: longhand resume ${id}` : anew,
      );
    case 'processing':
      throw new JobStateError(
        `Job ${id} is being worked on; there is nothing to retry.`,
        beginning === 'checkpoint' ? `See: longhand show ${id}` : anew,
      );
    case 'retrying':
      throw new JobStateError(`Job ${id} waits for its next try.`, anew);
  }
}

/** Ends the wait of a job that would try again by itself later. Its tries are counted on. */
export async function tryNow(store: Store, id: number): Promise<Retried> {
  const how = { from: ['retrying'] as const, actor: actor(), reason: 'Tried again at once' };
  if (!(await transition(store, id, 'pending', how))) throw changed(id);
  return { id, from: 'retrying', beginning: 'checkpoint' };
}

function changed(id: number): JobStateError {
  return new JobStateError(`Job ${id} has just changed; it was not retried.`, `Look again: longhand show ${id}`);
}
