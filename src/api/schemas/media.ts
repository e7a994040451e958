/** What players need. */
import type { FastifySchema } from 'fastify';
import * as z from 'zod';
import type { Waveform } from '../../jobs/media.ts';
import { jobId, seconds } from './common.ts';
import { problems } from './problem.ts';

const TAGS = ['Transcripts'];

const sound = { 'audio/*': { schema: z.string().meta({ format: 'binary' }) } };

const audio = {
  tags: TAGS,
  params: jobId,
  response: {
    200: { description: 'All of it', content: sound },
    206: { description: 'The part that `Range` asks for', content: sound },
    304: z.null().describe('The client has it: `If-None-Match` names its entity tag'),
    ...problems(404, 410, 416, 422, 503, 507),
  },
};

export const showAudio = {
  ...audio,
  operationId: 'showAudio',
  summary: 'The recording of a job, for the player of a browser',
  description: `It answers to \`Range\`, \`If-Range\` and \`If-None-Match\`. What browsers do not play (WMA, AMR, AIFF, …) comes as Opus in
WebM; that copy is made when it is asked for the first time, for which a recording of an hour takes some seconds. When the
recording is gone (\`recording_gone\`) or was changed (\`recording_changed\`), the answer is 410.`,
} satisfies FastifySchema;

export const showAudioFacts = {
  ...audio,
  operationId: 'showAudioFacts',
  summary: 'Its type, length and entity tag; afterwards it is ready to be played',
} satisfies FastifySchema;

const waveform = z
  .strictObject({
    version: z.literal(1),
    durationSeconds: seconds,
    samplesPerSecond: z.number().positive().describe('Peaks for each second; below 1 for recordings of hours'),
    peaks: z
      .array(z.number().min(0).max(1))
      .max(20_000)
      .describe('The largest amplitude in each stretch; 1 is full scale'),
  })
  .meta({ id: 'Waveform' }) satisfies z.ZodType<Waveform>;

export const showWaveform = {
  tags: TAGS,
  operationId: 'showWaveform',
  summary: 'The picture of the sound of a job: at most 20,000 peaks, however long it is',
  description: `It is made while the recording is decoded. Asked for during that, the answer is 503 \`waveform_not_ready\` with
\`Retry-After\`; before that, the recording is read for it.`,
  params: jobId,
  response: {
    200: waveform,
    304: z.null().describe('The client has it: `If-None-Match` names its entity tag'),
    ...problems(404, 410, 422, 503, 507),
  },
} satisfies FastifySchema;
