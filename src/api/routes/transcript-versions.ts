/** Transcripts in the hands of people: their versions. */
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { compareVersions, restoreVersion, saveTranscript, versionViews } from '../../jobs/transcript-versions.ts';
import { jobFolder } from '../../supervisor/job-files.ts';
import type { ApiContext } from '../context.ts';
import * as schemas from '../schemas/versions.ts';

/** Many hours, with the time of each word. */
const MOST_BYTES = 32 * 1024 * 1024;

export function transcriptVersionRoutes(server: FastifyInstance, { store, dataDir }: ApiContext): void {
  const app = server.withTypeProvider<ZodTypeProvider>();
  const folder = (id: number) => jobFolder(dataDir, id);

  app.get('/api/jobs/:id/transcript/versions', { schema: schemas.listVersions }, ({ params }) =>
    versionViews(store, params.id),
  );

  app.put('/api/jobs/:id/transcript', { schema: schemas.saveTranscript, bodyLimit: MOST_BYTES }, ({ params, body }) =>
    saveTranscript(store, params.id, folder(params.id), body),
  );

  app.post(
    '/api/jobs/:id/transcript/versions/:version/restore',
    { schema: schemas.restoreVersion },
    ({ params: { id, version } }) => restoreVersion(store, id, folder(id), version),
  );

  app.get('/api/jobs/:id/transcript/compare', { schema: schemas.compareVersions }, ({ params, query }) =>
    compareVersions(store, params.id, folder(params.id), query),
  );
}
