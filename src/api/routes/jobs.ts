import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { JOB_STATUSES } from '../../domain/job.ts';
import { ENGINE_NAMES } from '../../engines/engine.ts';
import { jobNotFound } from '../../jobs/errors.ts';
import { jobIds, listViews } from '../../jobs/list.ts';
import { submit } from '../../jobs/submit.ts';
import { usageOf } from '../../jobs/usage.ts';
import { detailsOf } from '../../jobs/view.ts';
import { getJob } from '../../store/jobs.ts';
import { type ApiContext, OwnerLeavingError } from '../context.ts';
import { eventStream } from '../sse.ts';
import { jobId } from './job-id.ts';
import { notifyWish } from './notifications.ts';

const ofStatus = z.object({ status: z.enum(JOB_STATUSES) });

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
  again: z.boolean().optional(),
  watched: z.boolean().optional(),
  notify: notifyWish.optional(),
});

const page = z.object({
  status: z.enum(JOB_STATUSES).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});

export function jobRoutes(server: FastifyInstance, context: ApiContext): void {
  const { store, hub } = context;
  const queue = { store, ...context.queue };
  const app = server.withTypeProvider<ZodTypeProvider>();

  app.post('/api/jobs', { schema: { body: submission } }, async (request, reply) => {
    if (!context.acceptsJobs) throw new OwnerLeavingError();
    let giveBack = () => {};
    const makeRoom = async () => {
      giveBack = await context.reservePlace();
    };
    try {
      const submitted = await submit({ ...context, makeRoom }, request.body);
      // One that was there already goes on when it is resumed.
      if (submitted.existed || submitted.duplicateOf) return reply.code(200).send(submitted);
      context.want(submitted.id);
      return reply.code(201).send(submitted);
    } finally {
      giveBack();
    }
  });

  app.get('/api/jobs', { schema: { querystring: page } }, async ({ query }) => {
    const { status, limit } = query;
    return { jobs: await listViews(queue, { limit, ...(status ? { status } : {}) }) };
  });

  /** For whoever means all jobs of a state. */
  app.get('/api/job-ids', { schema: { querystring: ofStatus } }, async ({ query }) => ({
    ids: await jobIds(store, query.status),
  }));

  app.get('/api/jobs/:id', { schema: { params: jobId } }, ({ params }) => detailsOf(queue, params.id));

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
      stream.send('problem', { message: (await jobNotFound(store, params.id)).message });
      return stream.end();
    }
    stream.send('state', { type: 'state', jobId: job.id, status: job.status, pausedBy: job.paused_by });
    const why = job.status === 'pending' ? context.queue.whyWaiting(job.id) : undefined;
    if (why !== undefined) stream.send('waiting', { type: 'waiting', jobId: job.id, why });
  });
}
