/** A job in its parts, for whoever needs one of them. */
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { artifactsOf, chunksOf, eventsOf, runsOf, stagesOf } from '../../jobs/parts.ts';
import type { ApiContext } from '../context.ts';
import { jobDetails } from '../lookups/details.ts';
import { lookUpRoutes } from '../lookups/look-up.ts';
import * as schemas from '../schemas/details.ts';
import { chunkList } from '../schemas/jobs.ts';

export function partRoutes(server: FastifyInstance, context: ApiContext): void {
  const { store } = context;
  const app = server.withTypeProvider<ZodTypeProvider>();

  lookUpRoutes(server, context, [jobDetails]);

  app.get('/api/jobs/:id/runs', { schema: schemas.listRuns }, ({ params }) => runsOf(store, params.id));

  app.get('/api/jobs/:id/stages', { schema: schemas.listStages }, ({ params }) => stagesOf(store, params.id));

  app.get('/api/jobs/:id/artifacts', { schema: schemas.listArtifacts }, ({ params }) => artifactsOf(store, params.id));

  app.get('/api/jobs/:id/chunks', { schema: chunkList }, ({ params, query }) => chunksOf(store, params.id, query));

  app.get('/api/jobs/:id/history', { schema: schemas.listJobEvents }, ({ params, query }) =>
    eventsOf(store, params.id, query),
  );
}
