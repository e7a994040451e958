/** Who is told when a job ends, and what they were told. */
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { NOTIFICATION_EVENTS } from '../../domain/notification.ts';
import {
  addTarget,
  changeTarget,
  deliveriesOf,
  removeTarget,
  targetsOf,
  testTarget,
} from '../../jobs/notifications.ts';
import type { ApiContext } from '../context.ts';
import { address, secret } from '../notify-wish.ts';

const events = z
  .array(z.enum(NOTIFICATION_EVENTS))
  .min(1)
  .transform((wanted) => [...new Set(wanted)]);

const webhook = z.strictObject({
  kind: z.literal('webhook'),
  address,
  secret,
  events: events.default(['completed', 'failed']),
});
const email = z.strictObject({
  kind: z.literal('email'),
  address,
  events: events.default(['completed', 'failed']),
});
const change = z.strictObject({
  address: address.optional(),
  secret: secret.optional(),
  events: events.optional(),
  enabled: z.boolean().optional(),
});
const targetId = z.object({ id: z.coerce.number().int().positive() });
const page = z.object({
  target: z.coerce.number().int().positive().optional(),
  status: z.enum(['pending', 'delivered', 'failed']).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});

export function notificationRoutes(server: FastifyInstance, { store, notifications }: ApiContext): void {
  if (!notifications) return;
  const app = server.withTypeProvider<ZodTypeProvider>();
  const context = { store, notifications };

  app.get('/api/notifications/targets', async ({ caller }) => ({ targets: await targetsOf(store, caller.userId) }));

  app.post(
    '/api/notifications/targets',
    { schema: { body: z.discriminatedUnion('kind', [webhook, email]) } },
    async ({ body, caller }, reply) => reply.code(201).send(await addTarget(context, body, caller.userId)),
  );

  app.patch(
    '/api/notifications/targets/:id',
    { schema: { params: targetId, body: change } },
    async ({ params, body, caller }) => changeTarget(context, params.id, body, caller.userId),
  );

  /** With what was still to be told there. */
  app.delete('/api/notifications/targets/:id', { schema: { params: targetId } }, async ({ params, caller }) =>
    removeTarget(store, params.id, caller.userId),
  );

  /** Tells it something at once, and answers how that went. */
  app.post('/api/notifications/targets/:id/test', { schema: { params: targetId } }, async ({ params, caller }) =>
    testTarget({ store, tryOnce: notifications.tryOnce }, params.id, caller.userId),
  );

  app.get('/api/notifications/deliveries', { schema: { querystring: page } }, async ({ query, caller }) => ({
    deliveries: await deliveriesOf(store, query, caller.userId),
  }));
}
