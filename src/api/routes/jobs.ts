import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { JOB_STATUSES } from '../../domain/job.ts';
import type { StopReason } from '../../domain/outcome.ts';
import { ENGINE_NAMES } from '../../engines/engine.ts';
import { cancel, pause } from '../../jobs/control.ts';
import { JobNotFoundError } from '../../jobs/errors.ts';
import { resume } from '../../jobs/resume.ts';
import { submit } from '../../jobs/submit.ts';
import { usageOf } from '../../jobs/usage.ts';
import { detailsOf, viewOf } from '../../jobs/view.ts';
import { getJob, listJobs } from '../../store/jobs.ts';
import { type ApiContext, OwnerLeavingError } from '../server.ts';
import { eventStream } from '../sse.ts';

export const jobId = z.object({ id: z.coerce.number().int().positive() });

const submission = z.strictObject({
  id: z.int().positive().optional(),
  path: z.string().min(1),
  engine: z.enum(['auto', ...ENGINE_NAMES]),
  model: z.string().min(1),
  language: z.string().min(2),
  processes: z.int().positive(),
  workers: z.int().positive(),
  preprocessWorkers: z.int().positive(),
  chunkDurationSeconds: z.number().positive().optional(),
  overlapSeconds: z.number().min(0),
  chunkTimeoutSeconds: z.number().positive().optional(),
});

const page = z.object({
  status: z.enum(JOB_STATUSES).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});

const stopOrder = z.strictObject({ why: z.enum(['interrupted', 'shutdown']) });

export function jobRoutes(server: FastifyInstance, context: ApiContext): void {
  const { store, hub } = context;
  const app = server.withTypeProvider<ZodTypeProvider>();

  app.post('/api/jobs', { schema: { body: submission } }, async (request, reply) => {
    if (!context.acceptsJobs) throw new OwnerLeavingError();
    const submitted = await submit(context, request.body);
    // One that was there already goes on when it is resumed.
    if (submitted.existed) return reply.code(200).send(submitted);
    context.want(submitted.id);
    return reply.code(201).send(submitted);
  });

  app.get('/api/jobs', { schema: { querystring: page } }, async ({ query }) => {
    const { status, limit } = query;
    const jobs = await listJobs(store, { limit, ...(status ? { status } : {}) });
    return { jobs: jobs.map(viewOf) };
  });

  app.get('/api/jobs/:id', { schema: { params: jobId } }, ({ params }) => detailsOf(store, params.id));

  app.post('/api/jobs/:id/resume', { schema: { params: jobId } }, async ({ params }) => {
    if (!context.acceptsJobs) throw new OwnerLeavingError();
    const from = await resume(store, params.id);
    context.want(params.id);
    return { id: params.id, from };
  });

  app.post('/api/jobs/:id/stop', { schema: { params: jobId, body: stopOrder } }, async ({ params, body }) => ({
    id: params.id,
    stopping: context.unwant(params.id, body.why),
  }));

  const control = {
    store,
    stop: (id: number, why: StopReason, graceMs?: number) => context.unwant(id, why, graceMs),
  };

  /** What is committed stays; it can be resumed. */
  app.post('/api/jobs/:id/cancel', { schema: { params: jobId } }, async ({ params }) => {
    const done = await cancel(control, params.id);
    if (!done.stopping) hub.tell({ type: 'state', jobId: done.id, status: done.to });
    return done;
  });

  /** One that is worked on is paused after the chunk in flight. */
  app.post('/api/jobs/:id/pause', { schema: { params: jobId } }, async ({ params }) => {
    const done = await pause(control, params.id);
    if (!done.stopping) hub.tell({ type: 'state', jobId: done.id, status: done.to });
    return done;
  });

  /** What the last runs used, for plots. */
  app.get('/api/jobs/:id/usage', { schema: { params: jobId } }, ({ params }) => usageOf(store, params.id));

  /** The process that works on it, as the system sees it now. */
  app.get('/api/jobs/:id/process', { schema: { params: jobId } }, ({ params }) => context.processStatus(params.id));

  /** State, progress and log lines as they come, beginning with the job's state. The client ends it. */
  app.get('/api/jobs/:id/events', { schema: { params: jobId } }, async ({ params }, reply) => {
    const stream = eventStream(reply);
    const unsubscribe = hub.subscribe(params.id, (news) => stream.send(news.type, news));
    stream.onClose(unsubscribe);
    const job = await getJob(store, params.id);
    if (!job) {
      stream.send('problem', { message: new JobNotFoundError(params.id).message });
      return stream.end();
    }
    stream.send('state', { type: 'state', jobId: job.id, status: job.status });
  });
}
