import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { awaitsPerson } from '../../domain/job.ts';
import { followLog } from '../../logs/follow.ts';
import { getJob } from '../../store/jobs.ts';
import { logPath } from '../../supervisor/job-files.ts';
import type { Caller } from '../caller.ts';
import type { ApiContext } from '../context.ts';
import { coverFor, maySeePaths } from '../hide-paths.ts';
import { HEARTBEAT_MS } from '../live/heartbeat.ts';
import { liveOf } from '../live/live.ts';
import { answerOf, pieceOfLog } from '../lookups/log.ts';
import { showLog } from '../schemas/texts.ts';

/**
 * `GET /api/jobs/:id/log`: the last `lines` lines of a job's log, or what is there `from` a position on, at most 1 MB of
 * it; with `follow` also what is added, until the job comes to rest.
 *
 * The header `x-log-position` is where the text ends, and where the following begins. Positions count the bytes of the
 * whole log. So a client that shows the last lines first, then follows `from` that position, and after a lost connection
 * from there plus the bytes of the whole lines that came, misses nothing and sees nothing twice. Where a stretch of the
 * log was deleted meanwhile, a line in square brackets says at which byte it goes on.
 */
export function logRoutes(server: FastifyInstance, context: ApiContext): void {
  const { store, hub, dataDir, acceptsJobs } = context;
  server
    .withTypeProvider<ZodTypeProvider>()
    .get('/api/jobs/:id/log', { schema: showLog, exposeHeadRoute: false }, async (request, reply) => {
      const { id } = request.params;
      const piece = await pieceOfLog(context, id, request.query);
      const told = await logTextFor(context, request.caller, id);
      const { content, mediaType, headers: marks } = answerOf(piece);
      const text = told(String(content));
      const headers = { ...marks, 'content-type': mediaType };
      if (!request.query.follow) return reply.headers(headers).send(text);
      reply.hijack();
      const { raw } = reply;
      raw.writeHead(200, headers);
      // Of an empty log there is nothing to send, and the client waits for an answer.
      raw.flushHeaders();
      raw.write(text);
      request.socket.setKeepAlive?.(true, HEARTBEAT_MS);
      const following = followLog(logPath(dataDir, id), piece.position, raw, told);
      const more = () => following.more().catch((error: Error) => raw.destroy(error));
      const finish = async () => {
        await more();
        raw.end();
      };
      // What nobody works on gets no more lines, and an owner that only answers a question starts nothing.
      if (!acceptsJobs) return finish();
      const unsubscribe = hub.subscribe(id, (news) => {
        if (news.type === 'logged') void more();
        if (news.type === 'state' && awaitsPerson(news.status, news.pausedBy)) void finish();
      });
      // Cut in the middle, so that it is not taken for the end of the log.
      const endVisit = liveOf(context).visits.add(request, () => raw.destroy());
      raw.on('close', () => {
        unsubscribe();
        endVisit();
      });
      // It may have come to rest before anybody listened.
      const now = await getJob(store, id);
      if (!now || awaitsPerson(now.status, now.paused_by)) await finish();
      else await more();
    });
}

/** How a log reads for somebody. */
async function logTextFor(context: ApiContext, caller: Caller, id: number): Promise<(text: string) => string> {
  if (maySeePaths(caller)) return (text) => text;
  const cover = await coverFor(context, [id]);
  return (text) => cover.log(text);
}
