import type { FastifySchema } from 'fastify';
import { jobId } from './common.ts';
import { problems } from './problem.ts';
import { binary } from './texts.ts';

export const downloadEvidence = {
  tags: ['Jobs'],
  operationId: 'downloadEvidence',
  summary: 'What may tell why a job failed, as an archive (.tar.gz)',
  description: `A folder with parameters, versions, how each run ended, what it used, and the log; README.txt in it says what is where.
It holds no sound and nothing of the text. It does name the recording, folders of the machine, and its system.`,
  params: jobId,
  response: {
    200: { description: 'The archive', content: { 'application/gzip': { schema: binary } } },
    ...problems(404, 507),
  },
} satisfies FastifySchema;
