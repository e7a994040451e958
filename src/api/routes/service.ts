/** What the service's jobs come to. */
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { StatisticsOfJobs } from '../../jobs/statistics.ts';
import type { ApiContext } from '../context.ts';
import { showStatistics } from '../schemas/service.ts';

export function serviceRoutes(server: FastifyInstance, { store }: ApiContext): void {
  const app = server.withTypeProvider<ZodTypeProvider>();
  const statistics = new StatisticsOfJobs(store);

  app.get('/api/statistics', { schema: showStatistics }, ({ query, caller }) =>
    statistics.of({ days: query.days, userId: caller.userId ?? undefined }),
  );
}
