/** `GET /api/plan`: what would happen with a recording, before it is sent. */
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { planFor } from '../../jobs/plan.ts';
import type { ApiContext } from '../context.ts';
import { showPlan } from '../schemas/plan.ts';
import { wishOf } from '../wish.ts';

export function planRoutes(server: FastifyInstance, context: ApiContext): void {
  const { store, engines, settings, intake, memory } = context;
  const plan = {
    ...{ engines, settings, memory, queue: { store, ...context.queue } },
    obstacles: async () => (await context.service?.obstacles()) ?? [],
    requirePlace: async () => (await context.reservePlace())(),
  };
  server
    .withTypeProvider<ZodTypeProvider>()
    .get('/api/plan', { schema: showPlan }, ({ query: { durationSeconds, ...given }, caller }) =>
      planFor(plan, wishOf(given, intake.defaults, caller), durationSeconds),
    );
}
