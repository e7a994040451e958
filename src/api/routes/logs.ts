import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { isAtRest } from '../../domain/job.ts';
import { JobNotFoundError } from '../../jobs/errors.ts';
import { followLog } from '../../logs/follow.ts';
import { lastLines } from '../../logs/tail.ts';
import { getJob } from '../../store/jobs.ts';
import { logPath } from '../../supervisor/job-files.ts';
import type { ApiContext } from '../server.ts';
import { jobId } from './jobs.ts';

const wanted = z.object({
  lines: z.coerce.number().int().min(0).max(100_000).default(50),
  follow: z.stringbool().default(false),
});

export function logRoutes(server: FastifyInstance, { store, hub, dataDir, acceptsJobs }: ApiContext): void {
  server
    .withTypeProvider<ZodTypeProvider>()
    .get('/api/jobs/:id/log', { schema: { params: jobId, querystring: wanted } }, async (request, reply) => {
      const { id } = request.params;
      const { lines, follow } = request.query;
      const job = await getJob(store, id);
      if (!job) throw new JobNotFoundError(id);
      const path = logPath(dataDir, id);
      const { text, position } = await lastLines(path, lines);
      reply.type('text/plain; charset=utf-8');
      // What nobody works on gets no more lines, and an owner that only answers a question starts nothing.
      if (!follow || !acceptsJobs || isAtRest(job.status)) return reply.send(text);
      reply.hijack();
      const { raw } = reply;
      raw.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' });
      raw.write(text);
      const log = followLog(path, position, raw);
      const more = () => log.more().catch((error: Error) => raw.destroy(error));
      const finish = () => more().then(() => raw.end());
      const unsubscribe = hub.subscribe(id, (news) => {
        if (news.type === 'logged') void more();
        if (news.type === 'state' && isAtRest(news.status)) void finish();
      });
      raw.on('close', unsubscribe);
      // It may have come to rest before anybody listened.
      const now = await getJob(store, id);
      if (!now || isAtRest(now.status)) await finish();
      else await more();
    });
}
