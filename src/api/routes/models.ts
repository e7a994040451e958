import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { ModelPull } from '../../domain/model-shelf.ts';
import { modelsAtWork } from '../../jobs/models-at-work.ts';
import { type ApiContext, OwnerLeavingError } from '../context.ts';
import { problemOf } from '../problem.ts';
import * as schemas from '../schemas/models.ts';

export function modelRoutes(server: FastifyInstance, { store, models, acceptsJobs }: ApiContext): void {
  const app = server.withTypeProvider<ZodTypeProvider>();

  app.get('/api/models', { schema: schemas.listModels }, async () => ({ models: await models.list() }));

  app.post('/api/models', { schema: schemas.pullModel }, async ({ body }, reply) => {
    // It would end with this process.
    if (!acceptsJobs) throw new OwnerLeavingError();
    return reply.code(202).send(viewOf(models.pull(body.name)));
  });

  app.get('/api/models/pulls', { schema: schemas.listPulls }, async () => ({ pulls: models.pulls().map(viewOf) }));

  app.delete('/api/models/pulls/:name', { schema: schemas.cancelPull }, async ({ params }) =>
    viewOf(await models.cancel(params.name)),
  );

  app.delete('/api/models/:name', { schema: schemas.removeModel }, ({ params }) =>
    models.remove(params.name, () => modelsAtWork(store)),
  );
}

function viewOf({ error, ...pull }: ModelPull) {
  return { ...pull, problem: error === null ? null : problemOf(error) };
}
