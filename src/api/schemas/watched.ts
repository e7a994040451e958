/** What whoever watches folders must know. */
import type { FastifySchema } from 'fastify';
import * as z from 'zod';
import { status, text } from './common.ts';

const TAGS = ['Watched folders'];

const file = z.strictObject({ path: text(4096), bytes: z.int().min(0), modifiedMs: z.int() });

export const findNew = {
  tags: TAGS,
  operationId: 'findNewFiles',
  summary: 'Those of the files that were not handed in yet as they are',
  body: z.strictObject({ files: z.array(file).max(1000) }),
  response: { 200: z.strictObject({ files: z.array(file) }) },
} satisfies FastifySchema;

export const listResults = {
  tags: TAGS,
  operationId: 'listWatchedResults',
  summary: 'Files whose jobs have ended, and whose results were not given out',
  response: {
    200: z.strictObject({ results: z.array(z.strictObject({ path: z.string(), jobId: z.int(), status })) }),
  },
} satisfies FastifySchema;

export const noteResult = {
  tags: TAGS,
  operationId: 'noteWatchedResult',
  summary: 'A result was given out',
  body: z.strictObject({ path: text(4096), jobId: z.int().positive() }),
  response: { 200: z.strictObject({ told: z.boolean() }) },
} satisfies FastifySchema;
