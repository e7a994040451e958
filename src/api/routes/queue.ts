/** The queue as a whole: what is in it, its pause. */
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { pauseAll, resumeAll } from '../../jobs/queue.ts';
import { getActiveJobs } from '../../store/jobs.ts';
import type { ApiContext } from '../context.ts';
import { lookUpRoutes } from '../lookups/look-up.ts';
import * as lookUps from '../lookups/queue.ts';
import * as schemas from '../schemas/queue.ts';

export function queueRoutes(server: FastifyInstance, context: ApiContext): void {
  const { store, queue } = context;
  const app = server.withTypeProvider<ZodTypeProvider>();
  const hand = {
    store,
    pauseRunning: () => queue.pauseRunning(),
    goOn: () => queue.goOn(),
    running: async () => (await getActiveJobs(store)).map(({ id }) => id).sort((a, b) => a - b),
  };

  lookUpRoutes(server, context, [lookUps.queue]);

  /** Nothing starts until it is resumed, also after a restart. */
  app.post('/api/queue/pause', { schema: schemas.pauseQueue }, ({ body }) => pauseAll(hand, body));

  app.post('/api/queue/resume', { schema: schemas.resumeQueue }, () => resumeAll(hand));
}
