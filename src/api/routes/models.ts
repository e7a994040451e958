import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { modelsAtWork } from '../../jobs/models-at-work.ts';
import { type ApiContext, OwnerLeavingError } from '../context.ts';
import { pullView } from '../pull-view.ts';
import * as schemas from '../schemas/models.ts';

export function modelRoutes(server: FastifyInstance, { store, models, acceptsJobs, memory }: ApiContext): void {
  const app = server.withTypeProvider<ZodTypeProvider>();

  app.get('/api/models', { schema: schemas.listModels }, async () => ({
    models: await models.list(),
    memory: memory(),
  }));

  app.post('/api/models', { schema: schemas.pullModel }, async ({ body }, reply) => {
    // It would end with this process.
    if (!acceptsJobs) throw new OwnerLeavingError();
    return reply.code(202).send(pullView(models.pull(body.name)));
  });

  app.get('/api/models/pulls', { schema: schemas.listPulls }, async () => ({ pulls: models.pulls().map(pullView) }));

  app.delete('/api/models/pulls/:name', { schema: schemas.cancelPull }, async ({ params }) =>
    pullView(await models.cancel(params.name)),
  );

  app.delete('/api/models/:name', { schema: schemas.removeModel }, ({ params }) =>
    models.remove(params.name, () => modelsAtWork(store)),
  );
}
