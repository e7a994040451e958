import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { transcriptVersion } from '../../jobs/transcript.ts';
import { aboutOf } from '../../jobs/view.ts';
import { jobFolder } from '../../supervisor/job-files.ts';
import { FORMATS, transcriptFile } from '../../transcript/formats/index.ts';
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
      const about = await aboutOf(store, id);
      const { mediaType, extension, isText } = FORMATS[format];
      if (download || !isText) reply.header('content-disposition', attachment(about.title, extension));
      return reply.type(mediaType).send(await transcriptFile(transcript, format, about));
    });
}
