import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { SCOPES } from '../../domain/scope.ts';
import { addKey, keys, revokeKey } from '../../jobs/keys.ts';
import { addUser, removeUser, setPassword, users } from '../../jobs/users.ts';
import type { ApiContext } from '../context.ts';

const MOST_CHARACTERS = 1024;
const text = z.string().min(1).max(MOST_CHARACTERS);

const named = z.object({ name: text });

const newUser = z.strictObject({ name: text, password: text, admin: z.boolean().optional() });

const newKey = z.strictObject({ name: text, scope: z.enum(SCOPES).default('write'), user: text.optional() });

/** Who may come in: people with a password, programs with a key. */
export function accessRoutes(server: FastifyInstance, { store }: ApiContext): void {
  const app = server.withTypeProvider<ZodTypeProvider>();

  app.get('/api/users', async () => ({ users: await users(store) }));

  app.post('/api/users', { schema: { body: newUser } }, async ({ body }, reply) =>
    reply.code(201).send(await addUser(store, body)),
  );

  app.post(
    '/api/users/:name/password',
    { schema: { params: named, body: z.strictObject({ password: text }) } },
    ({ params, body }) => setPassword(store, params.name, body.password),
  );

  app.delete('/api/users/:name', { schema: { params: named } }, ({ params }) => removeUser(store, params.name));

  app.get('/api/keys', async () => ({ keys: await keys(store) }));

  /** The answer has the key itself, this once. */
  app.post('/api/keys', { schema: { body: newKey } }, async ({ body }, reply) =>
    reply.code(201).send(await addKey(store, body)),
  );

  app.delete('/api/keys/:name', { schema: { params: named } }, ({ params }) => revokeKey(store, params.name));
}
