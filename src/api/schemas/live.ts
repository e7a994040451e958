/** The WebSocket of the page. */
import type { FastifySchema } from 'fastify';
import * as z from 'zod';
import { streamFields } from '../live/fields.ts';
import { eventId } from './events.ts';

const message = z
  .strictObject({
    log: z.int().exactOptional().describe('What the client called this log; missing: events of all jobs'),
    events: z.array(
      z
        .strictObject({ name: z.string(), id: z.number().exactOptional(), data: z.unknown() })
        .describe('As in /api/events'),
    ),
  })
  .meta({ id: 'Live' });

/** One message. */
export type LiveMessage = z.input<typeof message>;

const job = z.int().positive();

/** The number that a client gives to a log that it follows: what was on its way of an earlier one is told apart by it. */
const name = z.int().min(0);

/** What a client may say. */
export const liveWish = z.union([
  z.strictObject({ follow: job, from: eventId, as: name }),
  z.strictObject({ leave: name }),
]);

export const followLive = {
  tags: ['Events'],
  operationId: 'followLive',
  summary: 'What happens to all jobs, and logs, as it happens (WebSocket)',
  description:
    'Browsers open few connections for all of their tabs together, but many WebSockets. `{"follow": 1, "from": 0, "as": 7}` adds the log of ' +
    'job 1 from that byte position on, as number 7, `{"leave": 7}` ends that. Closed with 1001 when the service ends.',
  querystring: z.object(streamFields),
  response: {
    101: { description: 'A WebSocket; each message is', content: { 'application/json': { schema: message } } },
  },
} satisfies FastifySchema;
