/** The WebSocket that tells the progress of a job. */
import type { FastifySchema } from 'fastify';
import * as z from 'zod';
import { streamFields } from '../live/fields.ts';
import { jobId, status } from './common.ts';
import { problems } from './problem.ts';

const message = z
  .strictObject({
    progress: z.number().min(0).max(100).describe('Per cent, to one decimal place'),
    stage: z.string().describe('In words'),
    eta: z.int().nullable().describe('Whole seconds until the text is there; null where nobody can tell'),
    status,
  })
  .meta({ id: 'Progress' });

/** One message. */
export type ProgressMessage = z.output<typeof message>;

export const followProgress = {
  tags: ['Events'],
  operationId: 'followProgress',
  summary: 'The progress of a job over a WebSocket, until the job comes to rest',
  description:
    'Closed with 1000 when the job has come to rest, 1001 when the service ends, 4404 when there is no such job.',
  params: jobId,
  querystring: z.object(streamFields),
  response: {
    101: { description: 'A WebSocket; each message is', content: { 'application/json': { schema: message } } },
    ...problems(404),
  },
} satisfies FastifySchema;
