import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { noteTold, notHandedIn, watchedResults } from '../../jobs/watched.ts';
import type { ApiContext } from '../context.ts';
import * as schemas from '../schemas/watched.ts';

/** What whoever watches folders must know to hand no file in twice and to give each result out once. */
export function watchedRoutes(server: FastifyInstance, { store }: ApiContext): void {
  const app = server.withTypeProvider<ZodTypeProvider>();

  /** Those of the files that were not handed in yet as they are. */
  app.post('/api/watched/new', { schema: schemas.findNew }, async ({ body }) => ({
    files: await notHandedIn(store, body.files),
  }));

  /** Files whose jobs have ended, and whose results were not given out. */
  app.get('/api/watched/results', { schema: schemas.listResults }, async () => ({
    results: await watchedResults(store),
  }));

  /** A result was given out. */
  app.post('/api/watched/told', { schema: schemas.noteResult }, async ({ body }) => ({
    told: await noteTold(store, body),
  }));
}
