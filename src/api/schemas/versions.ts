/** Transcripts in the hands of people. */
import type { FastifySchema } from 'fastify';
import * as z from 'zod';
import type { Comparison, Saved, VersionView } from '../../jobs/transcript-versions.ts';
import { after, count, jobId, limit, moment, text } from './common.ts';
import { problems } from './problem.ts';
import { milliseconds, word } from './texts.ts';

const TAGS = ['Transcripts'];
const MOST_SEGMENTS = 20_000;
const MOST_WORDS_OF_A_SEGMENT = 10_000;
const LONGEST_TEXT = 50_000;
const MOST_SPEAKERS = 200;

export const versionNumber = z.coerce
  .number()
  .int()
  .positive()
  .max(Number.MAX_SAFE_INTEGER)
  .describe('Number of the version');

/** May be empty. */
const said = z
  .string()
  .max(LONGEST_TEXT)
  .refine((value) => !value.includes('\0'), 'it must not hold the character NUL');
const time = milliseconds.min(0);
const speaker = text(64).nullable().optional().describe('Who speaks; null: nobody in particular; left out: as before');

const textEdit = z.strictObject({
  index: z.int().min(0).describe('The segment of the version base, counted from 0'),
  last: z.int().min(0).optional().describe('The last of several that become one'),
  text: said.describe('Its text now. An empty one takes the segment out'),
  speaker,
});
const timedEdit = z.strictObject({
  startMs: time,
  endMs: time,
  text: said,
  words: z.array(word).max(MOST_WORDS_OF_A_SEGMENT).optional().describe('Left out: their times are estimated'),
  speaker: text(64).nullable().optional(),
});

const version = z.strictObject({
  number: z.int().positive(),
  kind: z.enum(['engine', 'person']),
  author: z.string().describe('The name of the person, or the engine and its model'),
  createdAt: moment,
  note: z.string().nullable(),
  segmentsChanged: count.nullable().describe('Passages that differ from the version before; null: an engine made it'),
  restored: z.int().nullable().describe('The version that it is equal to, because it was fetched back'),
}) satisfies z.ZodType<VersionView>;

const savedVersion = z.strictObject({
  version: version.describe('The newest version now'),
  saved: z.boolean().describe('False when nothing was changed: then there is no new version'),
}) satisfies z.ZodType<Saved>;

export const listVersions = {
  tags: TAGS,
  operationId: 'listTranscriptVersions',
  summary: 'The versions of a transcript, oldest first',
  params: jobId,
  response: { 200: z.strictObject({ versions: z.array(version) }), ...problems(404, 409) },
} satisfies FastifySchema;

export const saveTranscript = {
  tags: TAGS,
  operationId: 'saveTranscript',
  summary: 'Save a changed transcript as its next version',
  description: `Segments that are left out go. A segment is named by its index, with its text: words that are unchanged keep their
times and confidence, those that are new get times between their neighbours. Several for one index cut it, \`last\` joins.
Or it is given with times of its own. 409 \`version_conflict\` when \`base\` is not the newest version.`,
  params: jobId,
  body: z.strictObject({
    base: z.int().positive().describe('The version that was changed; it must be the newest'),
    segments: z.array(z.union([textEdit, timedEdit])).max(MOST_SEGMENTS),
    speakers: z
      .record(text(64), text(200))
      .refine(
        (names) => Object.keys(names).length <= MOST_SPEAKERS,
        `it must not have more than ${MOST_SPEAKERS} names`,
      )
      .optional()
      .describe('Names of speakers, by what segments have as speaker; left out: as before'),
    note: text(1000).optional().describe('Why, for whoever looks at the versions'),
  }),
  response: { 200: savedVersion, ...problems(404, 409, 413, 507) },
} satisfies FastifySchema;

export const restoreVersion = {
  tags: TAGS,
  operationId: 'restoreTranscriptVersion',
  summary: 'Fetch an older version back: it becomes the newest',
  params: jobId.extend({ version: versionNumber }),
  response: { 200: savedVersion, ...problems(404, 409, 507) },
} satisfies FastifySchema;

const side = (which: string) => z.array(count).describe(`Indexes of segments of the ${which} version`);
const comparison = z.strictObject({
  from: z.int(),
  to: z.int(),
  changed: count.describe('Passages that differ, in all'),
  speakers: z
    .array(z.strictObject({ speaker: z.string(), from: z.string().nullable(), to: z.string().nullable() }))
    .describe('Speakers that have another name'),
  passages: z.array(
    z.strictObject({
      startMs: milliseconds,
      endMs: milliseconds,
      from: side('earlier'),
      to: side('later'),
      speaker: z
        .strictObject({ from: z.string().nullable(), to: z.string().nullable() })
        .nullable()
        .describe('Set when somebody else speaks'),
      runs: z.array(z.strictObject({ type: z.enum(['equal', 'insert', 'delete']), text: z.string() })),
    }),
  ),
  next: count.nullable().describe('after of the next page; null: this is the last one'),
}) satisfies z.ZodType<Comparison>;

export const compareVersions = {
  tags: TAGS,
  operationId: 'compareTranscriptVersions',
  summary: 'What is different between two versions, word by word',
  params: jobId,
  querystring: z.object({ from: versionNumber, to: versionNumber, after, limit: limit(1000, 200) }),
  response: { 200: comparison, ...problems(404, 409, 507) },
} satisfies FastifySchema;
