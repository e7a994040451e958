import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { auditTrail } from '../../jobs/audit.ts';
import type { ApiContext } from '../context.ts';
import { showAudit } from '../schemas/service.ts';

/** Every change of every job and of the queue: who, what, why. Jobs that are deleted are among them. */
export function auditRoutes(server: FastifyInstance, { store }: ApiContext): void {
  server
    .withTypeProvider<ZodTypeProvider>()
    .get('/api/audit', { schema: showAudit }, async ({ query: { job, since, limit }, caller: { userId } }) => ({
      events: await auditTrail(store, {
        jobId: job,
        since: since === undefined ? undefined : Date.parse(since),
        limit,
        userId,
      }),
    }));
}
