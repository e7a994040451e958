import type { FastifySchema } from 'fastify';
import * as z from 'zod';
import { ENGINE_NAMES } from '../../engines/engine.ts';
import type { Plan } from '../../jobs/plan.ts';
import { HIGHEST_PRIORITY, LOWEST_PRIORITY } from '../../jobs/priority.ts';
import { wishFields } from '../wish.ts';
import { seconds } from './common.ts';
import { problems } from './problem.ts';

/** No recording is longer than a year. */
const MOST_SECONDS = 366 * 24 * 3600;

const { engine, model, language } = wishFields;

const plan = z
  .strictObject({
    engine: z.enum(ENGINE_NAMES).nullable().describe('Null when none can be used for this'),
    model: z.string().nullable().describe('`auto`: it is chosen once the recording was heard'),
    language: z.string(),
    installed: z.boolean().describe('Whether all is there that is needed for it'),
    why: z.string().describe('A sentence for people: which engine and model, why, and how long it takes'),
    estimateSeconds: seconds.nullable().describe('Seconds of work; null when the length was not said'),
    position: z.int().positive().describe('Its place in the queue: 1 is next'),
    startsInSeconds: seconds.nullable().describe('Null when nobody can tell, as while the queue is paused'),
    endsInSeconds: seconds.nullable(),
    obstacles: z
      .array(z.strictObject({ sentence: z.string(), remedy: z.string().nullable() }))
      .describe('What would keep it from being accepted or done'),
  })
  .meta({ id: 'Plan' }) satisfies z.ZodType<Plan>;

export const showPlan = {
  tags: ['Jobs'],
  operationId: 'showPlan',
  summary: 'What would happen with a recording: engine, model, how long, when; and what is in the way',
  description: `Nothing is made and nothing is sent for it. A model that depends on the recording is chosen by its length alone; once
it was heard, a clear recording may get a larger one.`,
  querystring: z.object({
    durationSeconds: z.coerce.number().positive().max(MOST_SECONDS).optional().describe('Length of the recording'),
    priority: z.coerce.number().int().min(LOWEST_PRIORITY).max(HIGHEST_PRIORITY).optional(),
    ...{ engine, model, language },
  }),
  response: { 200: plan, ...problems(403) },
} satisfies FastifySchema;
