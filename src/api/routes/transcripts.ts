import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { transcriptVersion } from '../../jobs/transcript.ts';
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
      const { format, download, version } = request.query;
      const { number, transcript } = await transcriptVersion(store, id, jobFolder(dataDir, id), version);
      reply.header('x-transcript-version', number);
      const { mediaType, extension } = FORMATS[format];
      if (download) reply.header('content-disposition', attachment(await nameOf(store, id), extension));
      return reply.type(mediaType).send(formatTranscript(transcript, format));
    });
}
