import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { JOB_STATUSES } from '../../domain/job.ts';
import { jobNotFound } from '../../jobs/errors.ts';
import { jobIds, listViews } from '../../jobs/list.ts';
import { usageOf } from '../../jobs/usage.ts';
import { detailsOf } from '../../jobs/view.ts';
import { getJob } from '../../store/jobs.ts';
import type { ApiContext } from '../context.ts';
import { eventStream } from '../sse.ts';
import { jobId } from './job-id.ts';

const ofStatus = z.object({ status: z.enum(JOB_STATUSES) });

const page = z.object({
  status: z.enum(JOB_STATUSES).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});

export function jobRoutes(server: FastifyInstance, context: ApiContext): void {
  const { store, hub } = context;
  const queue = { store, ...context.queue };
  const app = server.withTypeProvider<ZodTypeProvider>();

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
