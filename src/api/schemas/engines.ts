import type { FastifySchema } from 'fastify';
import * as z from 'zod';
import { ENGINE_NAMES } from '../../engines/engine.ts';
import type { EngineViews } from '../../jobs/engines-view.ts';
import { bytes } from './common.ts';

const model = z.strictObject({
  name: z.string(),
  installed: z.boolean(),
  sizeBytes: bytes.nullable().describe('Of its file, or of what would be downloaded'),
  memoryBytes: bytes.nullable().describe('What an engine worker needs with it'),
});

const engine = z
  .strictObject({
    name: z.enum(ENGINE_NAMES),
    label: z.string().describe('For people'),
    usable: z.boolean().describe('Whether a job can be asked for with it now'),
    problem: z
      .strictObject({ sentence: z.string(), remedy: z.string().nullable() })
      .nullable()
      .describe('Why it cannot be used, and what to do about it'),
    languages: z.array(z.string()).nullable().describe('Null: any'),
    detectsLanguage: z.boolean(),
    models: z.array(model).describe('Those of a server are not known here'),
    choosesModel: z.boolean().describe('Whether the model is chosen by the recording when it is `auto`'),
  })
  .meta({ id: 'Engine' });

export const listEngines = {
  tags: ['Models'],
  operationId: 'listEngines',
  summary: 'The engines, whether each can be used, its languages and models; and which one `auto` means',
  response: {
    200: z.strictObject({
      auto: z.enum(ENGINE_NAMES).nullable().describe('Null when none can be used'),
      engines: z.array(engine),
    }) satisfies z.ZodType<EngineViews>,
  },
} satisfies FastifySchema;
