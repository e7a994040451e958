/** What the routes do to a job, on its own or as one of many: the use case, then the news of it. */
import type { JobStatus } from '../domain/job.ts';
import { type Controlled, cancel, pause } from '../jobs/control.ts';
import { type Deleted, deleteJob, type Recording } from '../jobs/delete.ts';
import { type Prioritised, prioritise } from '../jobs/priority.ts';
import { resume } from '../jobs/resume.ts';
import { type Retried, type RetryWish, retry } from '../jobs/retry.ts';
import { discardUpload } from '../jobs/submit-upload.ts';
import { jobFolder, removeJobFiles, removeStaleFiles } from '../supervisor/job-files.ts';
import { type ApiContext, OwnerLeavingError } from './context.ts';

/** A job that was made to go on. */
export interface GoesOn {
  id: number;
  /** The state it was in. */
  from: JobStatus;
  /** ISO 8601: not before this moment, because of quiet hours. */
  opensAt: string | null;
}

/** Each throws what its use case throws; `resume` and `retry` also OwnerLeavingError. */
export interface ControlHand {
  resume(id: number): Promise<GoesOn>;
  retry(id: number, wish: RetryWish): Promise<GoesOn & Retried>;
  cancel(id: number): Promise<Controlled>;
  pause(id: number): Promise<Controlled>;
  prioritise(id: number, to: number): Promise<Prioritised>;
  remove(id: number): Promise<Deleted>;
}

export function controlHand(context: ApiContext): ControlHand {
  const { store, hub, dataDir, settled, queue } = context;
  const stop = context.unwant;
  const control = { store, stop };

  const refuseWhenLeaving = () => {
    if (!context.acceptsJobs) throw new OwnerLeavingError();
  };

  /** Tells those who follow it, unless its run is still on its way there and tells it then. */
  const told = (done: Controlled): Controlled => {
    if (!done.stopping) {
      const pausedBy = done.to === 'paused' ? 'user' : null;
      hub.tell({ type: 'state', jobId: done.id, status: done.to, pausedBy });
    }
    queue.wake();
    return done;
  };

  const goesOn = <T extends { id: number; from: JobStatus }>(job: T): T & GoesOn => {
    if (job.from !== 'processing') hub.tell({ type: 'state', jobId: job.id, status: 'pending' });
    context.want(job.id);
    const opensAt = queue.opensAt();
    return { ...job, opensAt: opensAt === undefined ? null : new Date(opensAt).toISOString() };
  };

  return {
    async resume(id) {
      refuseWhenLeaving();
      return goesOn({ id, from: await resume(store, id) });
    },
    async retry(id, wish) {
      refuseWhenLeaving();
      const removeFiles = (job: number, keep: { names: readonly string[]; newerThanMs: number }) =>
        removeStaleFiles(jobFolder(dataDir, job), keep);
      const folderOf = (job: number) => jobFolder(dataDir, job);
      return goesOn(await retry({ store, settled, folderOf, removeFiles }, id, wish));
    },
    cancel: async (id) => told(await cancel(control, id)),
    pause: async (id) => told(await pause(control, id)),
    async prioritise(id, to) {
      const done = await prioritise(store, id, to);
      queue.wake();
      return done;
    },
    async remove(id) {
      const removeFiles = async (job: number) => {
        await context.media.forget(job);
        await removeJobFiles(dataDir, job);
      };
      const removeUpload = (recording: Recording) => discardUpload(context, recording);
      const done = await deleteJob({ store, stop, settled, removeFiles, removeUpload }, id);
      hub.tell({ type: 'state', jobId: done.id, status: 'cancelled' });
      queue.wake();
      return done;
    },
  };
}
