import type { FastifySchema } from 'fastify';
import * as z from 'zod';
import { jobList, streamFields } from '../live/fields.ts';
import { jobId, moment, plain } from './common.ts';

/** A change, as people and programs see it. */
export const event = z.strictObject({
  at: moment,
  type: z.enum(['submitted', 'claimed', 'status', 'changed', 'edited', 'deleted', 'queue', 'access', 'settings']),
  from: z.string().nullable(),
  to: z.string().nullable(),
  actor: z.string().describe('Who did it'),
  reason: z.string().nullable(),
  data: z.unknown().describe('What is known beyond that; its keys depend on the type'),
});

/** Where a stream is to go on. */
export const eventId = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const stream = {
  ...streamFields,
  lastEventId: eventId
    .optional()
    .describe('The last id that came, where the header Last-Event-ID cannot be sent: the stream goes on behind it'),
};
const TAGS = ['Events'];
const events = { 200: plain('text/event-stream', 'Events until the client leaves') };

export const followAll = {
  tags: TAGS,
  operationId: 'followAll',
  summary: 'What happens to all jobs, as it happens (server-sent events)',
  description: `Events with an id are kept, and a client that comes again gets what it missed: \`submitted\`, \`state\`, \`changed\`,
\`deleted\`, \`queue\`, and for admins \`access\` and \`settings\`. \`reset\` says that something is kept no longer. \`ready\` says that
from here on everything is live.

Those without an id are of the moment, and whoever comes is told the newest of them: \`progress\` of a job, why it waits
(\`waiting\`), its \`length\`, \`log\`, \`settled\` when all that belongs to a change is done, and \`model\`, a download of a model as in
\`GET /api/models/pulls\` (\`{"type": "model", "pull": {…}}\`): how far it is, at most four times a second, and at once how it
ended. With \`jobs\` there is no \`model\` and no \`queue\`.`,
  querystring: z.object({ ...stream, jobs: jobList.optional().describe('These jobs alone: 1,2,3') }),
  response: events,
} satisfies FastifySchema;

export const followJob = {
  tags: TAGS,
  operationId: 'followJob',
  summary: 'What happens to a job, as it happens, beginning with its state (server-sent events)',
  params: jobId,
  querystring: z.object(stream),
  response: events,
} satisfies FastifySchema;

export const followLog = {
  tags: TAGS,
  operationId: 'followLog',
  summary: 'The last lines of the log of a job, then each as it is written (server-sent events)',
  params: jobId,
  querystring: z.object({ ...stream, lines: z.coerce.number().int().min(0).max(100_000).default(50) }),
  response: events,
} satisfies FastifySchema;
