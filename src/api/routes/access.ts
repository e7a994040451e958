import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { addKey, keys, revokeKey } from '../../jobs/keys.ts';
import { addUser, removeUser, setPassword, users } from '../../jobs/users.ts';
import type { ApiContext } from '../context.ts';
import * as schemas from '../schemas/access.ts';

/** Who may come in: people with a password, programs with a key. */
export function accessRoutes(server: FastifyInstance, { store }: ApiContext): void {
  const app = server.withTypeProvider<ZodTypeProvider>();

  app.get('/api/users', { schema: schemas.listUsers }, async () => ({ users: await users(store) }));

  app.post('/api/users', { schema: schemas.createUser }, async ({ body }, reply) =>
    reply.code(201).send(await addUser(store, body)),
  );

  app.post('/api/users/:name/password', { schema: schemas.setUserPassword }, ({ params, body }) =>
    setPassword(store, params.name, body.password),
  );

  app.delete('/api/users/:name', { schema: schemas.deleteUser }, ({ params }) => removeUser(store, params.name));

  app.get('/api/keys', { schema: schemas.listKeys }, async () => ({ keys: await keys(store) }));

  /** The answer has the key itself, this once. */
  app.post('/api/keys', { schema: schemas.createKey }, async ({ body }, reply) =>
    reply.code(201).send(await addKey(store, body)),
  );

  app.delete('/api/keys/:name', { schema: schemas.revokeKey }, ({ params }) => revokeKey(store, params.name));
}
