import type { FastifySchema } from 'fastify';
import * as z from 'zod';
import type { ListedModel, ModelPull } from '../../domain/model-shelf.ts';
import { bytes, moment, text } from './common.ts';
import { problem, problems } from './problem.ts';

const TAGS = ['Models'];

const modelName = z.object({ name: text(200).describe('Such as base') });

const model = z
  .strictObject({
    name: z.string(),
    sizeBytes: bytes,
    installed: z.boolean(),
    path: z.string().exactOptional().describe('Where the file is, when there is one'),
    problem: z.string().exactOptional().describe('Why a file that is there does not count as installed'),
    inCatalogue: z.boolean().describe('False for one that was added from a file'),
    memoryBytes: bytes.describe('What an engine worker needs with it'),
    jobBytes: bytes.describe('What a job needs with it at least: the runner and one engine worker'),
  })
  .meta({ id: 'Model' }) satisfies z.ZodType<ListedModel>;

const memory = z
  .strictObject({
    freeBytes: bytes.describe('Measured now'),
    limitBytes: bytes.describe('MAX_MEMORY_PER_TRANSCRIPTION'),
  })
  .describe('What a job can have: the smaller of both');

const pull = z
  .strictObject({
    name: z.string(),
    status: z.enum(['pulling', 'complete', 'failed', 'cancelled']),
    receivedBytes: bytes,
    totalBytes: bytes,
    startedAt: moment,
    endedAt: moment.nullable(),
    retry: z.string().nullable().describe('Why it waits for another attempt'),
    problem: problem.nullable(),
  })
  .meta({ id: 'ModelPull' }) satisfies z.ZodType<Omit<ModelPull, 'error'>>;

export const listModels = {
  tags: TAGS,
  operationId: 'listModels',
  summary: 'The Whisper models that there are, and which of them are installed',
  response: { 200: z.strictObject({ models: z.array(model), memory }) },
} satisfies FastifySchema;

export const pullModel = {
  tags: TAGS,
  operationId: 'pullModel',
  summary: 'Download a model in the background; an interrupted download goes on where it was',
  description:
    'Answers at once. How far it is: GET /api/models/pulls, and live as `model` in GET /api/events. One that is under way already is left alone.',
  body: z.strictObject({ name: modelName.shape.name }),
  response: { 202: pull, ...problems(503) },
} satisfies FastifySchema;

export const listPulls = {
  tags: TAGS,
  operationId: 'listPulls',
  summary: 'Downloads that are under way, and how the last one of each model ended',
  response: { 200: z.strictObject({ pulls: z.array(pull) }) },
} satisfies FastifySchema;

export const cancelPull = {
  tags: TAGS,
  operationId: 'cancelPull',
  summary: 'Stop a download; what has arrived is kept for the next one',
  params: modelName,
  response: { 200: pull, ...problems(404) },
} satisfies FastifySchema;

export const removeModel = {
  tags: TAGS,
  operationId: 'removeModel',
  summary: 'Delete an installed model, unless a job works with it',
  params: modelName,
  response: { 200: z.strictObject({ name: z.string(), freedBytes: bytes }), ...problems(404, 409) },
} satisfies FastifySchema;
