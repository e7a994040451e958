import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { jobIds, listViews } from '../../jobs/list.ts';
import { requirePathAllowed, submit } from '../../jobs/submit.ts';
import { usageOf } from '../../jobs/usage.ts';
import { summaryOf } from '../../jobs/view.ts';
import { type ApiContext, OwnerLeavingError } from '../context.ts';
import * as schemas from '../schemas/jobs.ts';
import { withMoments } from '../schemas/list.ts';

export function jobRoutes(server: FastifyInstance, context: ApiContext): void {
  const { store } = context;
  const queue = { store, ...context.queue };
  const app = server.withTypeProvider<ZodTypeProvider>();

  app.post('/api/jobs', { schema: schemas.createJob }, async (request, reply) => {
    if (!context.acceptsJobs) throw new OwnerLeavingError();
    let giveBack = () => {};
    const makeRoom = async () => {
      giveBack = await context.reservePlace();
    };
    try {
      requirePathAllowed(request.caller);
      const userId = request.caller.userId ?? undefined;
      const submitted = await submit({ ...context, makeRoom }, { ...request.body, userId });
      // One that was there already goes on when it is resumed.
      if (submitted.existed || submitted.duplicateOf) return reply.code(200).send(submitted);
      context.want(submitted.id);
      return reply.code(201).send(submitted);
    } finally {
      giveBack();
    }
  });

  app.get('/api/jobs', { schema: schemas.listJobs }, ({ query, caller }) => {
    const { sort, limit, cursor, ...filter } = query;
    const meant = { ...withMoments(filter), userId: caller.userId ?? undefined };
    return listViews(queue, meant, { sort, limit, cursor });
  });

  /** For whoever means all jobs of a state. */
  app.get('/api/job-ids', { schema: schemas.listJobIds }, async ({ query, caller }) => ({
    ids: await jobIds(store, query.status, caller.userId ?? undefined),
  }));

  app.get('/api/jobs/:id', { schema: schemas.showJob }, ({ params }) => summaryOf(queue, params.id));

  /** What the last runs used, for plots. */
  app.get('/api/jobs/:id/usage', { schema: schemas.showJobUsage }, ({ params }) => usageOf(store, params.id));

  /** The process that works on it, as the system sees it now. */
  app.get('/api/jobs/:id/process', { schema: schemas.showJobProcess }, ({ params }) =>
    context.processStatus(params.id),
  );
}
