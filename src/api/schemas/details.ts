/** Everything that is known of a job but its words: as a whole, and in parts. */
import type { FastifySchema } from 'fastify';
import * as z from 'zod';
import { ON_LEAVE } from '../../domain/job.ts';
import type { JobDetails, RunView } from '../../jobs/view.ts';
import { bytes, count, failure, jobId, limit, moment, seconds } from './common.ts';
import { event } from './events.ts';
import { artifact, jobView } from './jobs.ts';
import { problems } from './problem.ts';

const TAGS = ['Jobs'];

const run = z
  .strictObject({
    number: z.int().describe('1, 2, … within the job'),
    startedAt: moment,
    endedAt: moment.nullable(),
    outcome: z.string().nullable(),
    reason: z.string().nullable(),
    engine: z.string().nullable(),
    model: z.string().nullable(),
    language: z.string().nullable(),
    processes: z.int().nullable(),
    workers: z.int().nullable(),
    parameters: z.unknown(),
    versions: z.record(z.string(), z.string()).describe('Program to version'),
    pid: z.int().nullable(),
    exitCode: z.int().nullable(),
    signal: z.string().nullable(),
    error: failure.nullable(),
    evidence: z.string().nullable(),
    chunksCommitted: count,
    peakMemoryBytes: bytes.nullable(),
    cpuSeconds: seconds.nullable(),
  })
  .meta({ id: 'Run' }) satisfies z.ZodType<RunView>;

const stage = z
  .strictObject({
    name: z.string(),
    status: z.string(),
    startedAt: moment.nullable(),
    endedAt: moment.nullable(),
    estimatedEndAt: moment.nullable().describe('While it goes on'),
    error: z.string().nullable(),
  })
  .meta({ id: 'Stage' });

const jobDetails = jobView
  .extend({
    startsAt: moment.nullable().describe('When it is expected to start'),
    endsAt: moment.nullable().describe('When it is expected to be done'),
    why: z.string().nullable().describe('Why it does not run, beyond that others come first'),
    parameters: z.unknown().describe('What was asked for'),
    log: z.string().nullable().describe('Where its log lies; for admins alone, null for others'),
    errors: count.describe('Runs that said what went wrong'),
    crashes: count.describe('Runs that ended without a word'),
    crashCount: count.describe('Crashes in a row without a newly finished chunk'),
    retryCount: count,
    pausedBy: z.string().nullable(),
    onLeave: z.enum(ON_LEAVE).describe('What becomes of it when the page that started it is closed'),
    modelReason: z.string().nullable().describe('Why its model was chosen, where it was'),
    chunks: z.strictObject({ total: count, complete: count, failed: count }),
    stages: z.array(stage),
    runs: z.array(run),
    artifacts: z.array(artifact),
    events: z.array(event),
    history: z.array(z.strictObject({ at: moment, sentence: z.string() })),
  })
  .meta({ id: 'JobDetails' }) satisfies z.ZodType<JobDetails>;

export const showJobDetails = {
  tags: TAGS,
  operationId: 'showJobDetails',
  summary: 'Everything that is known of a job but its words',
  description: 'Asks for more than /api/jobs/{id} does, and costs more: for looking at one job, not for polling.',
  params: jobId,
  response: { 200: jobDetails, ...problems(404) },
} satisfies FastifySchema;

export const listRuns = {
  tags: TAGS,
  operationId: 'listRuns',
  summary: 'The runs of a job, the first first',
  params: jobId,
  response: { 200: z.strictObject({ runs: z.array(run) }), ...problems(404) },
} satisfies FastifySchema;

export const listStages = {
  tags: TAGS,
  operationId: 'listStages',
  summary: 'The stages of a job, in their order',
  params: jobId,
  response: { 200: z.strictObject({ stages: z.array(stage) }), ...problems(404) },
} satisfies FastifySchema;

export const listArtifacts = {
  tags: TAGS,
  operationId: 'listArtifacts',
  summary: 'The files that a job made, with their checksums',
  params: jobId,
  response: { 200: z.strictObject({ artifacts: z.array(artifact) }), ...problems(404) },
} satisfies FastifySchema;

export const listJobEvents = {
  tags: TAGS,
  operationId: 'listJobHistory',
  summary: 'What changed about a job, in order, a page at a time',
  description: 'Ask for the next page with `after` set to the id of the last one.',
  params: jobId,
  querystring: z.object({
    after: z.coerce.number().int().min(0).default(0).describe('Only events with a greater id'),
    limit: limit(1000, 200),
  }),
  response: {
    200: z.strictObject({
      events: z.array(event.extend({ id: z.int(), sentence: z.string() })),
    }),
    ...problems(404),
  },
} satisfies FastifySchema;
