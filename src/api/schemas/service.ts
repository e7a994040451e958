/** The service itself: how it is, what it has done. */
import type { FastifySchema } from 'fastify';
import * as z from 'zod';
import { ERROR_KINDS } from '../../domain/errors.ts';
import type { Statistics } from '../../jobs/statistics.ts';
import type { ServiceFacts } from '../service.ts';
import { bytes, count, jobId, limit, moment, plain, seconds, status } from './common.ts';
import { event } from './events.ts';
import { problems } from './problem.ts';

const TAGS = ['Service'];

export const showAlive = {
  tags: TAGS,
  operationId: 'showAlive',
  summary: 'The service answers',
  security: [],
  response: { 200: z.strictObject({ status: z.literal('alive') }) },
} satisfies FastifySchema;

const metrics = z.partialRecord(
  z.enum([
    'totalJobs',
    'jobsWithPid',
    'activeProcesses',
    'stuckProcesses',
    'orphanedCleaned',
    'avgHeartbeatDelay',
    'totalCpuUsage',
    'totalMemoryMb',
    'logFilesCount',
    'logFilesSizeMb',
    'errorsCount',
  ]),
  z.number(),
);

const obstacle = z.strictObject({
  code: z.enum(['shutting_down', 'database_not_writable', 'disk_full', 'no_engine']),
  kind: z.string(),
  message: z.string(),
  remedy: z.string().exactOptional(),
  evidence: z.string().exactOptional(),
  neededBytes: z.number().exactOptional(),
});

export const showReadiness = {
  tags: TAGS,
  operationId: 'showReadiness',
  summary: 'Whether work can be taken',
  description: 'Why not is told in short to somebody who is not signed in.',
  security: [],
  response: { 200: z.strictObject({ status: z.literal('ready') }), ...problems(503) },
} satisfies FastifySchema;

export const showService = {
  tags: TAGS,
  operationId: 'showService',
  summary: 'The process that answers here',
  response: {
    200: z.strictObject({
      command: z.string().nullable(),
      version: z.string(),
      process: z.strictObject({ pid: z.int(), startTime: z.string(), bootId: z.string().nullable() }),
      since: moment,
      address: z.string().nullable().describe('Where it answers over HTTP'),
      takesJobs: z.boolean(),
      stopping: z.boolean(),
      memoryBytes: bytes,
      jobs: z.strictObject({ running: count, waiting: count }),
    }) satisfies z.ZodType<ServiceFacts>,
  },
} satisfies FastifySchema;

export const showMetrics = {
  tags: TAGS,
  operationId: 'showMetrics',
  summary: "Figures in Prometheus' text format",
  response: { 200: plain('text/plain', 'Each metric with its help and type') },
} satisfies FastifySchema;

export const showHealth = {
  tags: TAGS,
  operationId: 'showHealth',
  summary: 'How the supervision of processes is',
  response: {
    200: z.strictObject({
      status: z.enum(['healthy', 'degraded']),
      orphaned_count: count,
      stuck_count: count,
      active_count: count,
      alerts: z.array(
        z.strictObject({
          level: z.enum(['critical', 'warning', 'info']),
          metric: z.string(),
          value: z.number(),
          message: z.string(),
        }),
      ),
      obstacles: z.array(obstacle).describe('What keeps work from being taken or started'),
      metrics,
    }),
  },
} satisfies FastifySchema;

const ended = z.strictObject({ pid: z.int(), command: z.string() });

export const cleanUp = {
  tags: TAGS,
  operationId: 'cleanUp',
  summary: 'End orphans and remove what nobody needs, now',
  response: {
    200: z.strictObject({
      recovered: z.array(
        z
          .strictObject({ jobId: z.int(), killed: z.array(ended), status: z.enum(['pending', 'failed']) })
          .describe('A job that nobody watched over, and what was done about it'),
      ),
      strays: z.array(ended).describe('Processes of runs that are over'),
      survivors: z.array(z.string()),
      cleaned: z.strictObject({ logs: z.strictObject({ files: count, bytes: count }), jobs: count, uploads: count }),
    }),
  },
} satisfies FastifySchema;

export const showAudit = {
  tags: TAGS,
  operationId: 'showAudit',
  summary: 'Every change of every job and of the queue: who, what, why',
  querystring: z.object({
    job: jobId.shape.id.optional(),
    since: z.iso.datetime({ offset: true }).optional().describe('Only changes of that moment or later'),
    limit: limit(100_000, 1000),
  }),
  response: {
    200: z.strictObject({
      events: z.array(
        event.extend({
          id: z.int().describe('Goes up with each change'),
          job: z.int().nullable().describe('Null for the queue as a whole'),
          sentence: z.string(),
        }),
      ),
    }),
  },
} satisfies FastifySchema;

const byStatus = z.record(status, count);

const statistics = z
  .strictObject({
    at: moment.describe('As of this moment; figures are at most a minute old'),
    jobs: z.strictObject({ total: count, byStatus }),
    audioSeconds: seconds.describe('Length of all completed recordings'),
    workSeconds: seconds.describe('Worked on them'),
    speed: z.number().nullable().describe('Seconds of recording per second of work'),
    successRate: z.number().nullable().describe('Completed of those that ended completed or failed, 0 to 1'),
    failures: z.array(z.strictObject({ kind: z.enum(ERROR_KINDS), count })),
    days: z
      .array(
        z.strictObject({
          date: z.iso.date().describe('UTC'),
          created: count,
          completed: count,
          failed: count,
          audioSeconds: seconds.describe('Of the jobs created on that day that are completed'),
        }),
      )
      .describe('By the day on which jobs were created, the oldest first'),
  })
  .meta({ id: 'Statistics' }) satisfies z.ZodType<Statistics>;

export const showStatistics = {
  tags: TAGS,
  operationId: 'showStatistics',
  summary: 'Counts, hours of audio, speed, success rate, reasons of failures, and the last days',
  querystring: z.object({
    days: z.coerce.number().int().min(1).max(366).default(30).describe('How many days are told one by one'),
  }),
  response: { 200: statistics },
} satisfies FastifySchema;
