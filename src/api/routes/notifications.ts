/** Who is told when a job ends, and what they were told. */
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { addTarget, changeTarget, removeTarget, testTarget } from '../../jobs/notifications.ts';
import type { ApiContext } from '../context.ts';
import { lookUpRoutes } from '../lookups/look-up.ts';
import { deliveries, targets } from '../lookups/notifications.ts';
import * as schemas from '../schemas/notifications.ts';

export function notificationRoutes(server: FastifyInstance, api: ApiContext): void {
  const { store, notifications } = api;
  if (!notifications) return;
  const app = server.withTypeProvider<ZodTypeProvider>();
  const context = { store, notifications };

  lookUpRoutes(server, api, [targets, deliveries]);

  app.post('/api/notifications/targets', { schema: schemas.createTarget }, async ({ body, caller }, reply) =>
    reply.code(201).send(await addTarget(context, body, caller.userId)),
  );

  app.patch('/api/notifications/targets/:id', { schema: schemas.changeTarget }, async ({ params, body, caller }) =>
    changeTarget(context, params.id, body, caller.userId),
  );

  /** With what was still to be told there. */
  app.delete('/api/notifications/targets/:id', { schema: schemas.deleteTarget }, async ({ params, caller }) =>
    removeTarget(store, params.id, caller.userId),
  );

  /** Tells it something at once, and answers how that went. */
  app.post('/api/notifications/targets/:id/test', { schema: schemas.testTarget }, async ({ params, caller }) =>
    testTarget({ store, tryOnce: notifications.tryOnce }, params.id, caller.userId),
  );
}
