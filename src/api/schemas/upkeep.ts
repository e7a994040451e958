/** What an admin looks after: the health check, backups, the disk. */
import type { FastifySchema } from 'fastify';
import * as z from 'zod';
import type { BackupView } from '../../jobs/backups.ts';
import type { StorageView } from '../../jobs/storage.ts';
import { bytes, moment } from './common.ts';
import { problems } from './problem.ts';

const TAGS = ['Service'];

const check = z.strictObject({
  name: z.string().describe('What was looked at'),
  state: z.enum(['ok', 'warning', 'failed']).describe('failed: it keeps recordings from being transcribed'),
  optional: z.boolean().describe('It is not there, and not needed'),
  sentence: z.string().describe('What was found'),
  remedy: z.string().nullable().describe('What to do about it'),
});

/** What the owner found when it looked at itself. */
export interface Examination {
  status: 'healthy' | 'degraded' | 'unhealthy';
  checks: {
    name: string;
    state: 'good' | 'optional' | 'warning' | 'missing';
    detail: string;
    remedy?: string;
  }[];
}

export const showDoctor = {
  tags: TAGS,
  operationId: 'showDoctor',
  summary: 'The health check, as longhand doctor does it',
  description:
    'It reads models and database from end to end, which may take a while; whoever asks meanwhile gets the same answer.',
  response: {
    200: z.strictObject({
      status: z.enum(['healthy', 'degraded', 'unhealthy']),
      at: moment,
      checks: z.array(check),
    }),
    ...problems(403),
  },
} satisfies FastifySchema;

const backup = z
  .strictObject({
    name: z.string().describe('Its file, in the folder backups of the data folder'),
    madeAt: moment,
    bytes,
    verified: z.boolean().describe('It was read from end to end when it was made, and nothing was cut off since'),
  })
  .meta({ id: 'Backup' }) satisfies z.ZodType<BackupView>;

export const listBackups = {
  tags: TAGS,
  operationId: 'listBackups',
  summary: 'Backups of the database, the newest first',
  response: { 200: z.strictObject({ backups: z.array(backup) }), ...problems(403) },
} satisfies FastifySchema;

export const makeBackup = {
  tags: TAGS,
  operationId: 'makeBackup',
  summary: 'Make a backup of the database now, and verify it',
  description: 'The newest 7 are kept. Whoever asks while one is made gets that one.',
  response: { 201: backup, ...problems(403, 507) },
} satisfies FastifySchema;

export const showStorage = {
  tags: TAGS,
  operationId: 'showStorage',
  summary: 'What Longhand takes on the disk, and how long what is kept',
  response: {
    200: z.strictObject({
      at: moment.describe('As of this moment; figures are some seconds old at most'),
      databaseBytes: bytes,
      recordingsBytes: bytes.describe('Recordings that came over HTTP'),
      jobFilesBytes: bytes.describe('Decoded audio of jobs that are not done, and texts'),
      logsBytes: bytes,
      backupsBytes: bytes,
      modelsBytes: bytes,
      freeBytes: bytes.describe('Of the disk that holds the data'),
      totalBytes: bytes.describe('Of that disk'),
      retention: z
        .array(
          z.strictObject({
            setting: z.string().describe('Its name; it is changed with PATCH /api/settings'),
            about: z.string(),
            value: z.number(),
            unit: z.enum(['hours', 'days', 'bytes']),
          }),
        )
        .describe('The settings that say how long what is kept, or how much of it'),
    }) satisfies z.ZodType<StorageView>,
    ...problems(403),
  },
} satisfies FastifySchema;
