import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { jobIds, listViews } from '../../jobs/list.ts';
import { usageOf } from '../../jobs/usage.ts';
import { summaryOf } from '../../jobs/view.ts';
import type { ApiContext } from '../context.ts';
import * as schemas from '../schemas/jobs.ts';
import { withMoments } from '../schemas/list.ts';

export function jobRoutes(server: FastifyInstance, context: ApiContext): void {
  const { store } = context;
  // Anew for each request: what it holds may change.
  const queue = () => ({ store, ...context.queue });
  const app = server.withTypeProvider<ZodTypeProvider>();

  app.get('/api/jobs', { schema: schemas.listJobs }, ({ query, caller }) => {
    const { sort, limit, cursor, ...filter } = query;
    const meant = { ...withMoments(filter), userId: caller.userId ?? undefined };
    return listViews(queue(), meant, { sort, limit, cursor });
  });

  /** For whoever means all jobs of a state. */
  app.get('/api/job-ids', { schema: schemas.listJobIds }, async ({ query, caller }) => ({
    ids: await jobIds(store, query.status, caller.userId ?? undefined),
  }));

  app.get('/api/jobs/:id', { schema: schemas.showJob }, ({ params }) => summaryOf(queue(), params.id));

  /** What the last runs used, for plots. */
  app.get('/api/jobs/:id/usage', { schema: schemas.showJobUsage }, ({ params }) => usageOf(store, params.id));

  /** The process that works on it, as the system sees it now. */
  app.get('/api/jobs/:id/process', { schema: schemas.showJobProcess }, ({ params }) =>
    context.processStatus(params.id),
  );
}
