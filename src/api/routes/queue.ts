/** The queue as a whole: what is in it, its pause. */
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { pauseAll, resumeAll } from '../../jobs/queue.ts';
import { queueViewOf } from '../../jobs/queue-view.ts';
import { getActiveJobs } from '../../store/jobs.ts';
import type { ApiContext } from '../context.ts';

const pauseWish = z.strictObject({
  reason: z.string().trim().min(1).max(500).optional(),
  running: z.boolean().optional(),
});

const view = z.object({ limit: z.coerce.number().int().min(1).max(10_000).default(1000) });

export function queueRoutes(server: FastifyInstance, context: ApiContext): void {
  const { store, queue } = context;
  const app = server.withTypeProvider<ZodTypeProvider>();
  const hand = {
    store,
    pauseRunning: () => queue.pauseRunning(),
    goOn: () => queue.goOn(),
    running: async () => (await getActiveJobs(store)).map(({ id }) => id).sort((a, b) => a - b),
  };

  app.get('/api/queue', { schema: { querystring: view } }, ({ query, caller }) =>
    queueViewOf({ ...queue, store }, caller.userId, query),
  );

  /** Nothing starts until it is resumed, also after a restart. */
  app.post('/api/queue/pause', { schema: { body: pauseWish } }, ({ body }) => pauseAll(hand, body));

  app.post('/api/queue/resume', () => resumeAll(hand));
}
