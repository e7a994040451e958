/** The hand on jobs. */
import type { FastifySchema } from 'fastify';
import * as z from 'zod';
import { HIGHEST_PRIORITY, LOWEST_PRIORITY } from '../../jobs/priority.ts';
import { jobId, moment, status, text } from './common.ts';
import { filter } from './list.ts';
import { problem, problems } from './problem.ts';

const TAGS = ['Control'];

const goesOn = {
  id: z.int(),
  from: status.describe('The state it was in'),
  opensAt: moment.nullable().describe('Not before this moment, because of quiet hours'),
};
const retryWish = {
  fromStart: z.boolean().optional(),
  stage: text(100).optional().describe('prepare or transcribe: this stage again, and what is made of it'),
};
const controlled = z.strictObject({
  id: z.int(),
  from: status,
  to: status.describe('The state it is in now, or will be in as soon as the chunk in flight is done'),
  stopping: z.boolean().describe('True while it is still on its way there'),
  pausedBefore: z.string().exactOptional().describe('Whose pause it was, when the user has taken it over'),
});
const standing = z.strictObject({ position: z.int(), priority: z.int() });

export const resumeJob = {
  tags: TAGS,
  operationId: 'resumeJob',
  summary: 'Go on with a job from its checkpoint',
  params: jobId,
  response: { 200: z.strictObject(goesOn), ...problems(404, 409, 503) },
} satisfies FastifySchema;

export const retryJob = {
  tags: TAGS,
  operationId: 'retryJob',
  summary: 'Do a job again: from its checkpoint, from the start, or one stage of it',
  params: jobId,
  body: z.strictObject(retryWish),
  response: {
    200: z.strictObject({ ...goesOn, beginning: z.enum(['checkpoint', 'start', 'prepare', 'transcribe']) }),
    ...problems(404, 409, 503, 507),
  },
} satisfies FastifySchema;

export const stopJob = {
  tags: TAGS,
  operationId: 'stopJob',
  summary: 'Somebody who waited for a job goes away; when nobody else does, its run stops at the checkpoint',
  params: jobId,
  body: z.strictObject({ why: z.enum(['interrupted', 'shutdown']) }),
  response: { 200: z.strictObject({ id: z.int(), stopping: z.boolean() }), ...problems(404) },
} satisfies FastifySchema;

export const cancelJob = {
  tags: TAGS,
  operationId: 'cancelJob',
  summary: 'Give a job up; what is committed stays, and it can be resumed',
  params: jobId,
  response: { 200: controlled, ...problems(404, 409) },
} satisfies FastifySchema;

export const pauseJob = {
  tags: TAGS,
  operationId: 'pauseJob',
  summary: 'Let a job rest; one that is worked on rests after the chunk in flight',
  params: jobId,
  response: { 200: controlled, ...problems(404, 409) },
} satisfies FastifySchema;

export const prioritiseJob = {
  tags: TAGS,
  operationId: 'prioritiseJob',
  summary: 'Give a job another priority; higher goes first',
  params: jobId,
  body: z.strictObject({ to: z.number().describe(`A whole number from ${LOWEST_PRIORITY} to ${HIGHEST_PRIORITY}`) }),
  response: {
    200: z.strictObject({ id: z.int(), status, from: z.int(), to: z.int(), position: z.int().nullable() }),
    ...problems(404),
  },
} satisfies FastifySchema;

export const moveJob = {
  tags: TAGS,
  operationId: 'moveJob',
  summary: 'Give a waiting job another place in the queue',
  params: jobId,
  body: z.union([
    z.strictObject({ before: z.int().positive().describe('Before this job') }),
    z.strictObject({ to: z.enum(['first', 'last']) }),
  ]),
  response: { 200: z.strictObject({ id: z.int(), from: standing, to: standing }), ...problems(404, 409) },
} satisfies FastifySchema;

export const deleteJob = {
  tags: TAGS,
  operationId: 'deleteJob',
  summary: 'Delete a job with its files and logs',
  description:
    'One that is worked on is cancelled first. Its recording goes with it when it was uploaded, and stays otherwise.',
  params: jobId,
  response: {
    200: z.strictObject({
      id: z.int(),
      filename: z.string(),
      from: status,
      recordingRemoved: z.boolean().describe('It was uploaded, and went with the job'),
    }),
    ...problems(404, 409, 507),
  },
} satisfies FastifySchema;

export const BULK_ACTIONS = ['pause', 'resume', 'cancel', 'retry', 'delete', 'priority'] as const;
export const MOST_AT_ONCE = 1000;

const bulkWish = z
  .strictObject({
    action: z.enum(BULK_ACTIONS),
    ids: z.array(z.int().positive()).min(1).max(MOST_AT_ONCE).optional().describe('These jobs'),
    filter: z
      .strictObject(filter)
      .optional()
      .describe(`The jobs that match, the newest first, at most ${MOST_AT_ONCE} of them`),
    priority: z.int().min(LOWEST_PRIORITY).max(HIGHEST_PRIORITY).optional().describe('For the action priority'),
    ...retryWish,
  })
  .refine(({ ids, filter: wish }) => (ids === undefined) !== (wish === undefined), {
    message: 'Either ids or filter, one of them',
    path: ['ids'],
  })
  .refine(({ action, priority }) => (action === 'priority') === (priority !== undefined), {
    message: 'It goes with the action priority, and only with that',
    path: ['priority'],
  });

const bulkAnswer = z.strictObject({
  done: z.int(),
  failed: z.int(),
  results: z.array(
    z.discriminatedUnion('done', [
      z.strictObject({ id: z.int(), done: z.literal(true), answer: z.unknown() }),
      z.strictObject({ id: z.int(), done: z.literal(false), problem }),
    ]),
  ),
  more: z.boolean().describe('More jobs match the filter than were taken; ask again'),
});

export const bulkControl = {
  tags: TAGS,
  operationId: 'bulkControl',
  summary: 'Do the same to many jobs, and hear of each what became of it',
  description: `The jobs are taken one after the other, each as the action on the single job would do it, and \`answer\` is what
that action answers. 200 when all were done, 207 when some were not.`,
  body: bulkWish,
  response: { 200: bulkAnswer, 207: bulkAnswer, ...problems(503) },
} satisfies FastifySchema;
