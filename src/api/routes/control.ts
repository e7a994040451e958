/** The hand on single jobs: go on, again, rest, give up, go first, go away. */
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { JobStatus } from '../../domain/job.ts';
import { type Controlled, cancel, pause } from '../../jobs/control.ts';
import { deleteJob } from '../../jobs/delete.ts';
import { move, prioritise } from '../../jobs/priority.ts';
import { resume } from '../../jobs/resume.ts';
import { retry } from '../../jobs/retry.ts';
import { jobFolder, removeJobFiles, removeStaleFiles } from '../../supervisor/job-files.ts';
import { type ApiContext, OwnerLeavingError } from '../context.ts';
import { jobId } from './job-id.ts';

const stopOrder = z.strictObject({ why: z.enum(['interrupted', 'shutdown']) });

const retryWish = z.strictObject({ fromStart: z.boolean().optional(), stage: z.string().optional() });

const newPriority = z.strictObject({ to: z.number() });

const newPlace = z.union([
  z.strictObject({ before: z.int().positive() }),
  z.strictObject({ to: z.enum(['first', 'last']) }),
]);

/** A job that was made to go on. */
export interface GoesOn {
  id: number;
  /** The state it was in. */
  from: JobStatus;
  /** ISO 8601: not before this moment, because of quiet hours. */
  opensAt: string | null;
}

export function controlRoutes(server: FastifyInstance, context: ApiContext): void {
  const { store, hub, dataDir, settled, queue } = context;
  const app = server.withTypeProvider<ZodTypeProvider>();
  const stop = context.unwant;
  const control = { store, stop };

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

  app.post('/api/jobs/:id/resume', { schema: { params: jobId } }, async ({ params: { id } }) => {
    if (!context.acceptsJobs) throw new OwnerLeavingError();
    return goesOn({ id, from: await resume(store, id) });
  });

  /** From its checkpoint, from the start, or one stage of it. */
  app.post('/api/jobs/:id/retry', { schema: { params: jobId, body: retryWish } }, async ({ params: { id }, body }) => {
    if (!context.acceptsJobs) throw new OwnerLeavingError();
    const removeFiles = (job: number, keep: { names: readonly string[]; newerThanMs: number }) =>
      removeStaleFiles(jobFolder(dataDir, job), keep);
    return goesOn(await retry({ store, settled, removeFiles }, id, body));
  });

  app.post('/api/jobs/:id/stop', { schema: { params: jobId, body: stopOrder } }, async ({ params, body }) => ({
    id: params.id,
    stopping: stop(params.id, body.why),
  }));

  /** What is committed stays; it can be resumed. */
  app.post('/api/jobs/:id/cancel', { schema: { params: jobId } }, async ({ params }) =>
    told(await cancel(control, params.id)),
  );

  /** One that is worked on is paused after the chunk in flight. */
  app.post('/api/jobs/:id/pause', { schema: { params: jobId } }, async ({ params }) =>
    told(await pause(control, params.id)),
  );

  app.post('/api/jobs/:id/priority', { schema: { params: jobId, body: newPriority } }, async ({ params, body }) => {
    const done = await prioritise(store, params.id, body.to);
    queue.wake();
    return done;
  });

  /** Another place among those that wait. */
  app.post('/api/jobs/:id/move', { schema: { params: jobId, body: newPlace } }, async ({ params, body, caller }) => {
    const done = await move(store, params.id, 'to' in body ? body.to : body, caller.userId);
    queue.wake();
    return done;
  });

  /** With its files and logs; a running one is cancelled first. The recording stays. */
  app.delete('/api/jobs/:id', { schema: { params: jobId } }, async ({ params }) => {
    const removeFiles = (id: number) => removeJobFiles(dataDir, id);
    const done = await deleteJob({ store, stop, settled, removeFiles }, params.id);
    hub.tell({ type: 'state', jobId: done.id, status: 'cancelled' });
    queue.wake();
    return done;
  });
}
