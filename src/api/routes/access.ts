import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { addKey, revokeKey } from '../../jobs/keys.ts';
import { addUser, removeUser, setPassword } from '../../jobs/users.ts';
import type { ApiContext } from '../context.ts';
import { allKeys, allUsers } from '../lookups/access.ts';
import { lookUpRoutes } from '../lookups/look-up.ts';
import * as schemas from '../schemas/access.ts';

/** Who may come in: people with a password, programs with a key. */
export function accessRoutes(server: FastifyInstance, context: ApiContext): void {
  const { store } = context;
  const app = server.withTypeProvider<ZodTypeProvider>();

  lookUpRoutes(server, context, [allUsers, allKeys]);

  app.post('/api/users', { schema: schemas.createUser }, async ({ body }, reply) =>
    reply.code(201).send(await addUser(store, body)),
  );

  app.post('/api/users/:name/password', { schema: schemas.setUserPassword }, ({ params, body }) =>
    setPassword(store, params.name, body.password),
  );

  app.delete('/api/users/:name', { schema: schemas.deleteUser }, ({ params }) => removeUser(store, params.name));

  /** The answer has the key itself, this once. */
  app.post('/api/keys', { schema: schemas.createKey }, async ({ body }, reply) =>
    reply.code(201).send(await addKey(store, body)),
  );

  app.delete('/api/keys/:name', { schema: schemas.revokeKey }, ({ params }) => revokeKey(store, params.name));
}
