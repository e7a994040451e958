/** Signing in and out of a browser. */
import type { FastifySchema } from 'fastify';
import * as z from 'zod';
import { SCOPES } from '../../domain/scope.ts';
import type { Needed } from '../../jobs/sessions.ts';
import { problems } from './problem.ts';

const TAGS = ['Access'];

const MOST_CHARACTERS = 1024;
/** A name or a password, as it is typed. */
export const typed = z.string().min(1).max(MOST_CHARACTERS);

const scope = z.enum(SCOPES);
const needed = z.enum(['nothing', 'password', 'name and password', 'key']) satisfies z.ZodType<Needed>;

export const showSession = {
  tags: TAGS,
  operationId: 'showSession',
  summary: 'Who one is, and what is needed to come in',
  security: [],
  response: {
    200: z.strictObject({
      needed,
      caller: z
        .strictObject({ name: z.string(), scope, by: z.enum(['open', 'key', 'session']) })
        .nullable()
        .describe('Null for somebody who has not come in'),
    }),
  },
} satisfies FastifySchema;

export const startSession = {
  tags: TAGS,
  operationId: 'signIn',
  summary: 'Sign a browser in: the answer sets its cookie',
  description: 'Where there is one user only, the password is enough.',
  security: [],
  body: z.strictObject({ name: typed.optional(), password: typed }),
  response: { 200: z.strictObject({ name: z.string(), scope }), ...problems(503) },
} satisfies FastifySchema;

export const endSession = {
  tags: TAGS,
  operationId: 'signOut',
  summary: 'Sign a browser out',
  security: [],
  response: { 200: z.strictObject({ ended: z.boolean().describe('It was signed in') }) },
} satisfies FastifySchema;

export const changeOwnPassword = {
  tags: TAGS,
  operationId: 'changeOwnPassword',
  summary: 'Another password for whoever is signed in, who must sign in again everywhere',
  security: [{ cookie: [] }],
  body: z.strictObject({ old: typed, new: typed }),
  response: { 200: z.strictObject({ name: z.string() }), ...problems(503) },
} satisfies FastifySchema;
