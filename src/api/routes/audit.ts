import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { auditTrail } from '../../jobs/audit.ts';
import type { ApiContext } from '../context.ts';

const wanted = z.object({
  job: z.coerce.number().int().positive().optional(),
  /** ISO 8601. */
  since: z.iso.datetime({ offset: true }).optional(),
  limit: z.coerce.number().int().min(1).max(100_000).default(1000),
});

/** Every change of every job and of the queue: who, what, why. Jobs that are deleted are among them. */
export function auditRoutes(server: FastifyInstance, { store }: ApiContext): void {
  server
    .withTypeProvider<ZodTypeProvider>()
    .get(
      '/api/audit',
      { schema: { querystring: wanted } },
      async ({ query: { job, since, limit }, caller: { userId } }) => ({
        events: await auditTrail(store, {
          jobId: job,
          since: since === undefined ? undefined : Date.parse(since),
          limit,
          userId,
        }),
      }),
    );
}
