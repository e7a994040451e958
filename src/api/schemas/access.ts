/** Who may come in. */
import type { FastifySchema } from 'fastify';
import * as z from 'zod';
import { SCOPES } from '../../domain/scope.ts';
import type { addKey, KeyView } from '../../jobs/keys.ts';
import type { UserView } from '../../jobs/users.ts';
import { moment } from './common.ts';
import { problems } from './problem.ts';
import { typed } from './session.ts';

const TAGS = ['Access'];

const named = z.object({ name: typed });
const name = z.strictObject({ name: z.string() });

const user = z
  .strictObject({ name: z.string(), admin: z.boolean(), createdAt: moment, passwordChangedAt: moment })
  .meta({ id: 'User' }) satisfies z.ZodType<UserView>;

export const listUsers = {
  tags: TAGS,
  operationId: 'listUsers',
  summary: 'All users, the first one first',
  response: { 200: z.strictObject({ users: z.array(user) }) },
} satisfies FastifySchema;

export const createUser = {
  tags: TAGS,
  operationId: 'createUser',
  summary: 'Let somebody in by a password; the first user is an admin',
  body: z.strictObject({ name: typed, password: typed, admin: z.boolean().optional() }),
  response: { 201: user, ...problems(409, 503) },
} satisfies FastifySchema;

export const setUserPassword = {
  tags: TAGS,
  operationId: 'setUserPassword',
  summary: 'Give a user another password, who must sign in again everywhere',
  params: named,
  body: z.strictObject({ password: typed }),
  response: { 200: name, ...problems(404, 503) },
} satisfies FastifySchema;

export const deleteUser = {
  tags: TAGS,
  operationId: 'deleteUser',
  summary: 'Remove a user with all keys and sessions; the jobs stay',
  params: named,
  response: { 200: name, ...problems(404, 409) },
} satisfies FastifySchema;

const scope = z.enum(SCOPES);
const owner = z.string().nullable().describe('Whose it is; null for nobody in particular, which sees all jobs');

const key = z
  .strictObject({
    name: z.string(),
    scope,
    user: owner,
    createdAt: moment,
    lastUsedAt: moment.nullable().describe('To the minute; null when it never was'),
  })
  .meta({ id: 'Key' }) satisfies z.ZodType<KeyView>;

export const listKeys = {
  tags: TAGS,
  operationId: 'listKeys',
  summary: 'All keys, the oldest first; never the keys themselves',
  response: { 200: z.strictObject({ keys: z.array(key) }) },
} satisfies FastifySchema;

export const createKey = {
  tags: TAGS,
  operationId: 'createKey',
  summary: 'Make a key for a program',
  body: z.strictObject({ name: typed, scope: scope.default('write'), user: typed.optional() }),
  response: {
    201: z.strictObject({
      name: z.string(),
      scope,
      user: owner,
      key: z.string().describe('The key itself, which is told this once'),
    }) satisfies z.ZodType<Awaited<ReturnType<typeof addKey>>>,
    ...problems(404, 409),
  },
} satisfies FastifySchema;

export const revokeKey = {
  tags: TAGS,
  operationId: 'revokeKey',
  summary: 'End a key',
  params: named,
  response: { 200: name, ...problems(404) },
} satisfies FastifySchema;
