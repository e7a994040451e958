import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { ApiContext } from '../context.ts';
import { idsOfJobs, job, jobs, jobUsage } from '../lookups/jobs.ts';
import { lookUpRoutes } from '../lookups/look-up.ts';
import { showJobProcess } from '../schemas/jobs.ts';

export function jobRoutes(server: FastifyInstance, context: ApiContext): void {
  lookUpRoutes(server, context, [jobs, idsOfJobs, job, jobUsage]);

  /** The process that works on it, as the system sees it now. */
  server
    .withTypeProvider<ZodTypeProvider>()
    .get('/api/jobs/:id/process', { schema: showJobProcess }, ({ params }) => context.processStatus(params.id));
}
