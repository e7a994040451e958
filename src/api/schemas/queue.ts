import type { FastifySchema } from 'fastify';
import * as z from 'zod';
import type { QueueView } from '../../jobs/queue-view.ts';
import { count, limit, moment, seconds, text } from './common.ts';

const TAGS = ['Queue'];

const running = z.strictObject({
  id: z.int(),
  filename: z.string(),
  run: z.int().describe('The number of its run; above 1 it was resumed'),
  progress: z.number().describe('Per cent'),
  stage: z.string(),
  speed: z.number().describe('Seconds of recording per second of work'),
  chunk: z.int().exactOptional(),
  chunks: z.int().exactOptional(),
  secondsLeft: seconds.nullable(),
  endsAt: moment.nullable(),
});

const waiting = z.strictObject({
  id: z.int(),
  filename: z.string(),
  status: z.enum(['pending', 'retrying', 'paused']),
  position: z.int().describe('1 is next'),
  priority: z.int(),
  startsAt: moment.nullable(),
  endsAt: moment.nullable(),
  why: z.string().nullable().describe('Why it does not run, beyond that others come first'),
});

const queueView = z
  .strictObject({
    paused: z
      .strictObject({ by: z.enum(['user', 'disk']), reason: z.string().nullable(), since: moment })
      .nullable()
      .describe('Nobody starts a job while this is not null'),
    opensAt: moment.nullable().describe('When the hours for work begin again'),
    endsAt: moment.nullable().describe('When the last job is expected to be done'),
    endsInSeconds: seconds.nullable(),
    total: count.describe('Jobs that wait, shown or not'),
    others: z
      .strictObject({ running: count, waiting: count })
      .exactOptional()
      .describe('Jobs of other users, of which no more is told; not there for who sees all'),
    running: z.array(running),
    waiting: z.array(waiting),
  })
  .meta({ id: 'Queue' }) satisfies z.ZodType<QueueView>;

export const showQueue = {
  tags: TAGS,
  operationId: 'showQueue',
  summary: 'What runs, what waits, and when each is expected to start and to be done',
  querystring: z.object({ limit: limit(10_000, 1000) }),
  response: { 200: queueView },
} satisfies FastifySchema;

export const pauseQueue = {
  tags: TAGS,
  operationId: 'pauseQueue',
  summary: 'Let no job start until the queue is resumed, also after a restart',
  body: z.strictObject({
    reason: z.string().trim().pipe(text(500)).optional(),
    running: z.boolean().optional().describe('Those that run pause, too'),
  }),
  response: {
    200: z.strictObject({
      changed: z.boolean(),
      running: z.array(z.int()),
      stopping: z.boolean(),
      reason: z.string().nullable(),
    }),
  },
} satisfies FastifySchema;

export const resumeQueue = {
  tags: TAGS,
  operationId: 'resumeQueue',
  summary: 'Let jobs start again',
  response: {
    200: z.strictObject({
      changed: z.boolean(),
      before: z.strictObject({ by: z.enum(['user', 'disk']), reason: z.string().nullable() }).nullable(),
    }),
  },
} satisfies FastifySchema;
