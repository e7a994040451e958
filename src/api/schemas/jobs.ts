import type { FastifySchema } from 'fastify';
import * as z from 'zod';
import { ENGINE_NAMES } from '../../engines/engine.ts';
import type { Submitted } from '../../jobs/submit.ts';
import type { JobView } from '../../jobs/view.ts';
import { wishFields } from '../wish.ts';
import { bytes, count, failure, jobId, limit, moment, seconds, status, text } from './common.ts';
import { list } from './list.ts';
import { problems } from './problem.ts';

const TAGS = ['Jobs'];

/** A recording that is on this machine already: at a path, or as an upload that came in parts. */
const jobOrder = z
  .strictObject({
    id: z
      .int()
      .positive()
      .optional()
      .describe('The number that the job shall have; from the command line on this machine'),
    path: z
      .string()
      .min(1)
      .optional()
      .describe('Absolute path of the recording on this machine; from the command line there'),
    upload: text(100).optional().describe('The id of an upload that came in parts'),
    watched: z.boolean().optional().describe('It comes from a watched folder; from the command line on this machine'),
    ...wishFields,
  })
  .refine(({ path, upload }) => (path === undefined) !== (upload === undefined), {
    message: 'Either the path of a recording or the id of an upload is needed',
    path: ['path'],
  });

export type JobOrder = z.infer<typeof jobOrder>;

/** A recording with what is wanted of it; checked while it comes. */
export const jobForm = z.object({ file: z.file().describe('The recording'), ...wishFields });

export const submitted = z
  .strictObject({
    id: z.int(),
    filename: z.string(),
    engine: z.enum(ENGINE_NAMES),
    model: z.string(),
    existed: z.literal(true).exactOptional().describe('It was there already, under the number asked for'),
    duplicateOf: z
      .strictObject({ id: z.int(), status })
      .exactOptional()
      .describe('The same recording was handed in before with the same wish; no other job was made'),
    earlier: z.int().exactOptional().describe('A job for the same recording that was asked for in another way'),
  })
  .meta({ id: 'Submitted' }) satisfies z.ZodType<Submitted>;

export const jobView = z
  .strictObject({
    id: z.int(),
    filename: z.string(),
    path: z.string().nullable(),
    status,
    priority: z.int().describe('Higher goes first'),
    position: z.int().nullable().describe('Its place in the queue while it waits: 1 is next'),
    progress: z.number().min(0).max(100).describe('Per cent'),
    stage: z.string(),
    durationSeconds: seconds.describe('Length of the recording; 0 before it is known'),
    elapsedSeconds: seconds.describe('Worked on it, all runs together'),
    speed: z.number().describe('Seconds of recording per second of work'),
    secondsLeft: seconds.nullable().describe('Until it is done, while it is worked on'),
    engine: z.string().nullable(),
    model: z.string(),
    language: z.string().nullable(),
    createdAt: moment,
    startedAt: moment.nullable(),
    completedAt: moment.nullable(),
    error: failure.nullable(),
  })
  .meta({ id: 'Job' }) satisfies z.ZodType<JobView>;

export const createJob = {
  tags: TAGS,
  operationId: 'createJob',
  summary: 'Hand in a recording: as a form, or by the id of an upload that came in parts',
  description:
    'Answers 201 with the new job; 200 when the job, or one for the same content with the same wish, was there already.',
  // A form is checked while it comes.
  body: { content: { 'application/json': { schema: jobOrder } } },
  response: { 200: submitted, 201: submitted, ...problems(404, 409, 422, 503, 507) },
} satisfies FastifySchema;

export const listJobs = {
  tags: TAGS,
  operationId: 'listJobs',
  summary: 'Jobs, filtered, searched and sorted, a page at a time',
  description: `Ask for the next page with \`cursor\` set to \`nextCursor\`, and everything else as before. A search may look
through many jobs; then a page can have fewer jobs than asked for, and there is more as long as \`nextCursor\` is not null.`,
  querystring: list,
  response: { 200: z.strictObject({ jobs: z.array(jobView), nextCursor: z.string().nullable() }) },
} satisfies FastifySchema;

export const listJobIds = {
  tags: TAGS,
  operationId: 'listJobIds',
  summary: 'The numbers of all jobs in a state, the lowest first',
  querystring: z.object({ status }),
  response: { 200: z.strictObject({ ids: z.array(z.int()) }) },
} satisfies FastifySchema;

export const showJob = {
  tags: TAGS,
  operationId: 'showJob',
  summary: 'A job, in short',
  params: jobId,
  response: { 200: jobView, ...problems(404) },
} satisfies FastifySchema;

export const showJobState = {
  tags: TAGS,
  operationId: 'showJobState',
  summary: 'Where a job stands, and no more',
  params: jobId,
  response: { 200: z.strictObject({ id: z.int(), status, pausedBy: z.string().nullable() }), ...problems(404) },
} satisfies FastifySchema;

const point = z.strictObject({
  at: moment,
  elapsedSeconds: seconds.describe("Since the run's process started"),
  cpuPercent: z.number().nullable().describe('100 is one core kept busy'),
  memoryBytes: z.number().nullable(),
  progress: z.number().nullable().describe('Per cent of the job'),
});

export const showJobUsage = {
  tags: TAGS,
  operationId: 'showJobUsage',
  summary: 'What the processes of each run used over time, for plots',
  params: jobId,
  response: {
    200: z.strictObject({
      id: z.int(),
      runs: z.array(z.strictObject({ run: z.int(), points: z.array(point) })),
    }),
    ...problems(404),
  },
} satisfies FastifySchema;

export const showJobProcess = {
  tags: TAGS,
  operationId: 'showJobProcess',
  summary: 'The process that works on a job, as the system sees it now',
  params: jobId,
  response: {
    200: z.strictObject({
      running: z.boolean(),
      pid: z.int().nullable(),
      cpuPercent: z.number().nullable().describe('Per cent of one core: two busy cores are 200'),
      memoryMb: z.number().nullable().describe('MB of 1,048,576 bytes'),
      elapsedSeconds: seconds,
    }),
    ...problems(404),
  },
} satisfies FastifySchema;

export const chunkList = {
  tags: TAGS,
  operationId: 'listChunks',
  summary: 'The chunks of a job and how far each is, a page at a time',
  description: 'Ask for the next page with `from` set to `next`.',
  params: jobId,
  querystring: z.object({
    from: z.coerce.number().int().min(0).default(0).describe('First chunk wanted, counted from 0'),
    limit: limit(1000, 200),
  }),
  response: {
    200: z.strictObject({
      total: count,
      complete: count,
      failed: count,
      chunks: z.array(
        z.strictObject({
          number: z.int().describe('Counted from 0'),
          startSeconds: seconds,
          endSeconds: seconds,
          speech: z.boolean(),
          status: z.enum(['pending', 'complete', 'error']),
          attempts: count.describe('How often it failed'),
          engine: z.string().nullable(),
          model: z.string().nullable(),
          workSeconds: seconds.nullable(),
          committedAt: moment.nullable(),
          error: z.string().nullable(),
        }),
      ),
      next: z.int().nullable().describe('Where the next page begins'),
    }),
    ...problems(404),
  },
} satisfies FastifySchema;

export const artifact = z.strictObject({
  name: z.string(),
  stage: z.string(),
  path: z.string().describe("Relative to the job's folder"),
  sha256: z.string(),
  bytes,
});
