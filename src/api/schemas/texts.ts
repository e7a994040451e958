/** Transcripts and logs. */
import type { FastifySchema } from 'fastify';
import * as z from 'zod';
import { FORMAT_NAMES, FORMATS } from '../../transcript/formats/index.ts';
import type { Transcript } from '../../transcript/transcript.ts';
import { jobId, plain } from './common.ts';
import { problems } from './problem.ts';

export const milliseconds = z.number().describe('Milliseconds from the start of the recording');

export const word = z.strictObject({
  text: z.string(),
  startMs: milliseconds,
  endMs: milliseconds,
  confidence: z.number().describe('0 to 1, as the engine sees it; 1 for what a person wrote'),
  joinsPrevious: z.boolean().exactOptional().describe('No space stands before the word'),
  edited: z.literal(true).exactOptional().describe('A person wrote it'),
});

const transcript = z
  .strictObject({
    version: z.literal(1).describe('Of this structure; not the version of the text'),
    durationMs: z.number(),
    language: z.string(),
    engine: z.string(),
    model: z.string(),
    segments: z.array(
      z.strictObject({
        startMs: milliseconds,
        endMs: milliseconds,
        text: z.string(),
        words: z.array(word).describe('Empty where nothing is known of single words'),
        speaker: z.string().exactOptional().describe('Who speaks: a key of speakers, or a name of its own'),
      }),
    ),
    warnings: z.array(z.string()),
    speakers: z.record(z.string(), z.string()).exactOptional().describe('Names of speakers'),
  })
  .meta({ id: 'Transcript' }) satisfies z.ZodType<Transcript>;

/** Bytes, which OpenAPI knows as a kind of string. */
export const binary = z.string().meta({ format: 'binary' }) as unknown as z.ZodType<Uint8Array>;

export const showTranscript = {
  tags: ['Transcripts'],
  operationId: 'showTranscript',
  summary: 'The text of a recording: plain, as subtitles, with the time of each word, or as a document',
  params: jobId,
  querystring: z.object({
    format: z.enum(FORMAT_NAMES).default('txt'),
    version: z.coerce
      .number()
      .int()
      .positive()
      .max(Number.MAX_SAFE_INTEGER)
      .optional()
      .describe('Number of the version; left out: the newest. The header x-transcript-version says which one it is'),
    download: z.stringbool().default(false).describe('As a file to be saved, named after the recording'),
  }),
  response: {
    200: {
      description: 'The text, in the format asked for',
      content: {
        'text/plain': { schema: z.string() },
        'application/x-subrip': { schema: z.string() },
        'text/vtt': { schema: z.string() },
        'application/json': { schema: transcript },
        [FORMATS.docx.mediaType]: { schema: binary },
      },
    },
    ...problems(404, 409, 507),
  },
} satisfies FastifySchema;

export const showLog = {
  tags: ['Logs'],
  operationId: 'showLog',
  summary: 'The last lines of the log of a job, or what follows a position; with follow also what is added',
  description: 'The header x-log-position is where the text ends, and where the following begins.',
  params: jobId,
  querystring: z
    .object({
      lines: z.coerce.number().int().min(0).max(100_000).optional().describe('So many of the last lines'),
      from: z.coerce
        .number()
        .int()
        .min(0)
        .max(Number.MAX_SAFE_INTEGER)
        .optional()
        .describe('From this byte of the whole log on, at most 1 MB'),
      follow: z.stringbool().default(false).describe('Also what is added, until the job comes to rest'),
    })
    .refine(({ lines, from }) => lines === undefined || from === undefined, {
      message: 'Either lines or from, not both',
      path: ['from'],
    }),
  response: { 200: plain('text/plain', 'Lines of the log'), ...problems(404, 507) },
} satisfies FastifySchema;
