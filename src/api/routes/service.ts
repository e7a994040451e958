/** What the service is set to, and what its jobs come to. */
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { StatisticsOfJobs } from '../../jobs/statistics.ts';
import type { ApiContext } from '../context.ts';
import { showSettings, showStatistics } from '../schemas/service.ts';

export function serviceRoutes(server: FastifyInstance, { store, toldSettings }: ApiContext): void {
  const app = server.withTypeProvider<ZodTypeProvider>();
  const statistics = new StatisticsOfJobs(store);

  app.get('/api/settings', { schema: showSettings }, async () => ({ settings: toldSettings() }));

  app.get('/api/statistics', { schema: showStatistics }, ({ query, caller }) =>
    statistics.of({ days: query.days, userId: caller.userId ?? undefined }),
  );
}
