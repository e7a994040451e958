import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { transcriptOf } from '../../jobs/transcript.ts';
import { jobFolder } from '../../supervisor/job-files.ts';
import { FORMAT_NAMES, FORMATS, formatTranscript } from '../../transcript/formats/index.ts';
import type { ApiContext } from '../context.ts';
import { jobId } from './job-id.ts';

const wanted = z.object({ format: z.enum(FORMAT_NAMES).default('txt') });

export function transcriptRoutes(server: FastifyInstance, { store, dataDir }: ApiContext): void {
  server
    .withTypeProvider<ZodTypeProvider>()
    .get('/api/jobs/:id/transcript', { schema: { params: jobId, querystring: wanted } }, async (request, reply) => {
      const { id } = request.params;
      const transcript = await transcriptOf(store, id, jobFolder(dataDir, id));
      const { format } = request.query;
      return reply.type(FORMATS[format].mediaType).send(formatTranscript(transcript, format));
    });
}
