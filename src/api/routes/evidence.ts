import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { tarGz } from '../../files/tar.ts';
import { EVIDENCE_LOG_LINES, evidenceFiles } from '../../jobs/evidence.ts';
import { usageOf } from '../../jobs/usage.ts';
import { detailsOf, type JobDetails } from '../../jobs/view.ts';
import { lastLines } from '../../logs/tail.ts';
import { logPath } from '../../supervisor/job-files.ts';
import { VERSION } from '../../version.ts';
import type { ApiContext } from '../context.ts';
import { coverFor, maySeePaths } from '../hide-paths.ts';
import { downloadEvidence } from '../schemas/evidence.ts';

/** What may tell why a job failed, in one file to be looked through or handed on. */
export function evidenceRoutes(server: FastifyInstance, context: ApiContext): void {
  const { store, dataDir } = context;
  const queue = { store, ...context.queue };
  server
    .withTypeProvider<ZodTypeProvider>()
    .get('/api/jobs/:id/evidence', { schema: downloadEvidence }, async ({ params: { id }, caller }, reply) => {
      const [details, { runs }] = await Promise.all([detailsOf(queue, id), usageOf(store, id)]);
      const { text } = await lastLines(logPath(dataDir, id), EVIDENCE_LOG_LINES);
      const cover = maySeePaths(caller) ? undefined : await coverFor(context, [id]);
      const [job, log] = cover ? [cover.value(details) as JobDetails, cover.log(text)] : [details, text];
      const now = store.clock.now();
      const files = evidenceFiles({ job, usage: runs, log, at: new Date(now).toISOString(), version: VERSION });
      const folder = `job-${id}`;
      const inFolder = new Map([...files].map(([name, content]) => [`${folder}/${name}`, content]));
      return reply
        .type('application/gzip')
        .header('content-disposition', `attachment; filename="${folder}-evidence.tar.gz"`)
        .send(await tarGz(inFolder, now));
    });
}
