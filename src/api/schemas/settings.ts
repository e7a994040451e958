/** What Longhand is set to, with what a form needs to change it. */
import type { FastifySchema } from 'fastify';
import * as z from 'zod';
import { text } from './common.ts';
import { problems } from './problem.ts';

const TAGS = ['Service'];
const LONGEST_VALUE = 4096;
const MOST_PARTS = 100;

const value = z.union([z.string(), z.number(), z.boolean(), z.array(z.string()), z.null()]);

const setting = z
  .strictObject({
    name: z.string().describe('In the settings file'),
    variable: z.string().describe('In the environment'),
    about: z.string().describe('What it is'),
    group: z.enum([
      ...['transcription', 'queue', 'limits', 'logs'],
      ...['storage', 'engines', 'notifications', 'service'],
    ] as const),
    kind: z.enum(['number', 'duration', 'choice', 'text', 'list', 'boolean']),
    unit: z.enum(['seconds', 'hours', 'days', 'bytes', 'cores']).nullable().describe('Of a number or a duration'),
    min: z.number().nullable().describe('The least that it may be'),
    max: z.number().nullable().describe('The most that it may be'),
    above: z.number().nullable().describe('It must be more than this'),
    whole: z.boolean().describe('Only whole numbers'),
    choices: z.array(z.string()).nullable(),
    value: value.describe('As it is set; null: not at all; "[hidden]": a secret that is set'),
    default: value.describe('What it is when nobody sets it'),
    source: z
      .enum(['flag', 'environment', 'file', 'page', 'default'])
      .describe('What says so; page: it was changed here or with longhand settings'),
    secret: z.boolean().describe('Its value is never told'),
    changeable: z.boolean().describe('Whether it can be changed here'),
    whyNot: z.string().nullable().describe('Why it cannot be changed here, as a sentence'),
    needsRestart: z.boolean().describe('A change of it holds after a restart, not at once'),
    waitsForRestart: z.boolean().describe('It was changed, and what it was before still holds'),
  })
  .meta({ id: 'Setting' });
export type ToldSetting = z.output<typeof setting>;

export const showSettings = {
  tags: TAGS,
  operationId: 'showSettings',
  summary: 'Every setting with its value, where that comes from, and how it can be changed',
  response: {
    200: z.strictObject({
      settings: z.array(setting),
      waitingForRestart: z.array(z.string()).describe('Names of those that were changed and hold after a restart'),
    }),
    ...problems(403),
  },
} satisfies FastifySchema;

const given = z.union([
  text(LONGEST_VALUE),
  z.number(),
  z.boolean(),
  z.array(text(LONGEST_VALUE)).max(MOST_PARTS),
  z.null(),
]);

export const changeSettings = {
  tags: TAGS,
  operationId: 'changeSettings',
  summary: 'Change settings, all of these or none',
  description:
    'By their names. null sets one back to what it is when nobody sets it. What a flag, the environment or the settings file says ' +
    'counts more and cannot be changed here (409), nor can what says where data is kept and who can reach the service.',
  body: z.record(text(100), given).describe('Such as {"maxConcurrent": 1, "quietHours": null}'),
  response: {
    200: z.strictObject({
      changed: z.array(setting).describe('Those that are other than before'),
      restartNeeded: z.boolean().describe('At least one of them holds after a restart'),
    }),
    ...problems(403, 404, 409),
  },
} satisfies FastifySchema;
