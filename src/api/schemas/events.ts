import type { FastifySchema } from 'fastify';
import { z } from 'zod';
import { moment, plain } from './common.ts';

/** A change, as people and programs see it. */
export const event = z.strictObject({
  at: moment,
  type: z.enum(['submitted', 'claimed', 'status', 'changed', 'deleted', 'queue']),
  from: z.string().nullable(),
  to: z.string().nullable(),
  actor: z.string().describe('Who did it'),
  reason: z.string().nullable(),
  data: z.unknown().describe('What is known beyond that; its keys depend on the type'),
});

export const followAll = {
  tags: ['Events'],
  operationId: 'followAll',
  summary: 'State and progress of all jobs as they come (server-sent events)',
  response: { 200: plain('text/event-stream', 'A `ready`, then events until the client leaves') },
} satisfies FastifySchema;
