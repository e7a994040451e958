import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { transcriptOf } from '../../jobs/transcript.ts';
import { nameOf } from '../../jobs/view.ts';
import { jobFolder } from '../../supervisor/job-files.ts';
import { FORMATS, formatTranscript } from '../../transcript/formats/index.ts';
import { attachment } from '../attachment.ts';
import type { ApiContext } from '../context.ts';
import { showTranscript } from '../schemas/texts.ts';

export function transcriptRoutes(server: FastifyInstance, { store, dataDir }: ApiContext): void {
  server
    .withTypeProvider<ZodTypeProvider>()
    .get('/api/jobs/:id/transcript', { schema: showTranscript }, async (request, reply) => {
      const { id } = request.params;
      const transcript = await transcriptOf(store, id, jobFolder(dataDir, id));
      const { format, download } = request.query;
      const { mediaType, extension } = FORMATS[format];
      if (download) reply.header('content-disposition', attachment(await nameOf(store, id), extension));
      return reply.type(mediaType).send(formatTranscript(transcript, format));
    });
}
