/** What OpenAI's clients send and read (https://platform.openai.com/docs/api-reference/audio). */
import type { FastifySchema } from 'fastify';
import * as z from 'zod';

const TAGS = ['OpenAI'];

export const ANSWER_FORMATS = ['json', 'text', 'srt', 'vtt', 'verbose_json'] as const;
export type AnswerFormat = (typeof ANSWER_FORMATS)[number];

export const GRANULARITIES = ['word', 'segment'] as const;
export type Granularity = (typeof GRANULARITIES)[number];

export const openAiError = z
  .strictObject({
    error: z.strictObject({
      message: z.string(),
      type: z.enum(['invalid_request_error', 'server_error']),
      param: z.string().nullable().describe('The field that cannot be used'),
      code: z.string(),
    }),
  })
  .meta({ id: 'OpenAiError' });

const refusals = {
  '4XX': {
    description: 'The request was refused, or the recording cannot be transcribed',
    content: { 'application/json': { schema: openAiError } },
  },
  '5XX': { description: 'It could not be done', content: { 'application/json': { schema: openAiError } } },
};

export const transcriptionForm = z.object({
  file: z.file().describe('The recording'),
  model: z.string().optional().describe('whisper-1 for what the settings say, or an installed model: GET /v1/models'),
  language: z.string().optional().describe('A code such as en'),
  response_format: z.enum(ANSWER_FORMATS).default('json'),
  'timestamp_granularities[]': z.array(z.enum(GRANULARITIES)).optional(),
});

const usage = z.strictObject({ type: z.literal('duration'), seconds: z.int() });
const second = z.number().describe('Seconds from the start of the recording');
const brief = z.strictObject({ text: z.string(), usage });
const verbose = z.strictObject({
  task: z.literal('transcribe'),
  language: z.string().describe('Its English name'),
  duration: z.number().describe('Seconds'),
  text: z.string(),
  segments: z
    .array(
      z.strictObject({
        id: z.int(),
        seek: z.int(),
        start: second,
        end: second,
        text: z.string(),
        tokens: z.array(z.int()),
        temperature: z.number(),
        avg_logprob: z.number(),
        compression_ratio: z.number(),
        no_speech_prob: z.number(),
      }),
    )
    .exactOptional(),
  words: z.array(z.strictObject({ word: z.string(), start: second, end: second })).exactOptional(),
  usage,
});

export const createTranscription = {
  tags: TAGS,
  operationId: 'createTranscription',
  summary: 'Hand in a recording and wait for its text',
  description:
    'The recording becomes a job, whose number is in the header x-longhand-job. `prompt` and `temperature` make no difference.',
  response: {
    200: {
      description: 'The text, in the format asked for',
      content: {
        'application/json': { schema: z.union([brief, verbose]) },
        'text/plain': { schema: z.string() },
        'application/x-subrip': { schema: z.string() },
        'text/vtt': { schema: z.string() },
      },
    },
    ...refusals,
  },
} satisfies FastifySchema;

const model = z.strictObject({ id: z.string(), object: z.literal('model'), created: z.int(), owned_by: z.string() });

export const listOpenAiModels = {
  tags: TAGS,
  operationId: 'listOpenAiModels',
  summary: 'The models that a transcription may name',
  response: { 200: z.strictObject({ object: z.literal('list'), data: z.array(model) }), ...refusals },
} satisfies FastifySchema;

export const showOpenAiModel = {
  tags: TAGS,
  operationId: 'showOpenAiModel',
  summary: 'One of them',
  params: z.object({ model: z.string() }),
  response: { 200: model, ...refusals },
} satisfies FastifySchema;
