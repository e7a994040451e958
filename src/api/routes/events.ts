/** What happens, live, as server-sent events. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { jobNotFound } from '../../jobs/errors.ts';
import { jobStandings } from '../../jobs/standings.ts';
import { stateOf } from '../../jobs/state.ts';
import { startOfLastLines } from '../../logs/tail.ts';
import { logPath } from '../../supervisor/job-files.ts';
import type { ApiContext } from '../context.ts';
import type { Watcher } from '../live/event-feed.ts';
import { failStream, type Live, liveOf } from '../live/live.ts';
import { LiveEvent } from '../live/live-event.ts';
import { eventId, followAll, followJob, followLog } from '../schemas/events.ts';
import { showJobState } from '../schemas/jobs.ts';

export function eventRoutes(server: FastifyInstance, context: ApiContext): void {
  const { store, dataDir } = context;
  const app = server.withTypeProvider<ZodTypeProvider>();
  const live = liveOf(context);
  live.attach(server);

  const requireJob = async (request: FastifyRequest, job: number) => {
    const { userId } = request.caller;
    const [found] = await jobStandings(store, [job]);
    if (!found || (userId !== null && found.user_id !== userId)) throw await jobNotFound(store, job);
  };

  /**
   * What happens to every job that the caller may see, or to `jobs`. Events with an id (submitted, state, changed, deleted,
   * queue) are kept: after a lost connection the client sends the last id that it got, and none is missing and none comes
   * twice, also when the service was started anew meanwhile. `reset` says that this cannot be done. Those without an id are
   * of the moment: progress, why a job waits, its length, a line for whoever follows it, how far the download of a model is
   * (`model`, to those who watch all), and that everything that belongs to a change is done (`settled`). `ready` says that from here on everything is live.
   */
  app.get('/api/events', { schema: followAll, exposeHeadRoute: false }, (request, reply) => {
    const { jobs, lastEventId, clientId } = request.query;
    watch(live, request, reply, { jobs: jobs && new Set(jobs), lastEventId, clientId });
  });

  /** The same of one job, beginning with its state. */
  app.get('/api/jobs/:id/events', { schema: followJob, exposeHeadRoute: false }, async (request, reply) => {
    await requireJob(request, request.params.id);
    watch(live, request, reply, { jobs: new Set([request.params.id]), ...request.query });
    return reply;
  });

  /**
   * The last `lines` lines of a job's log, then each as it is written. The id of a line is the byte position behind it in the
   * whole log; a client that sends the last one it got goes on there. Where a stretch is no longer there, `reset` says so.
   */
  app.get('/api/jobs/:id/log/events', { schema: followLog, exposeHeadRoute: false }, async (request, reply) => {
    const { lines, lastEventId, clientId } = request.query;
    const job = request.params.id;
    await requireJob(request, job);
    const from = lastIdOf(request, lastEventId) ?? (await startOfLastLines(logPath(dataDir, job), lines));
    await live.followLog(live.stream(request, reply, clientId), job, from);
    return reply;
  });

  /** Where a job stands, and no more: cheap enough to be asked of each of many. */
  app.get('/api/jobs/:id/state', { schema: showJobState }, ({ params }) => stateOf(store, params.id));
}

interface Wanted {
  jobs: ReadonlySet<number> | undefined;
  lastEventId?: number | undefined;
  clientId?: string | undefined;
}

function watch(live: Live, request: FastifyRequest, reply: FastifyReply, wanted: Wanted): void {
  const { jobs, lastEventId, clientId } = wanted;
  const out = live.stream(request, reply, clientId);
  const watcher: Watcher = {
    jobs,
    userId: request.caller.userId,
    everyReport: request.caller.local,
    get isOpen() {
      return out.isOpen;
    },
    take: (event) => out.write(event.frame),
    drained: () => out.drained(),
    fail: (sentence) => failStream(out, sentence),
  };
  out.onClose(() => live.feed.leave(watcher));
  let present: () => LiveEvent[] = () => [];
  void live.feed.open(watcher, lastIdOf(request, lastEventId), {
    prepare: async (goesOn) => {
      present = await live.present.of(watcher, goesOn);
    },
    greet: (at) => {
      watcher.take(new LiveEvent('ready', { type: 'ready' }, { id: at }));
      for (const event of present()) watcher.take(event);
    },
  });
}

/** The browser's own word of a connection that was lost goes before what stands in the address. */
function lastIdOf(request: FastifyRequest, asked: number | undefined): number | undefined {
  const given = request.headers['last-event-id'];
  if (given === undefined) return asked;
  const parsed = eventId.safeParse(given);
  // One that is none of ours is unknown as well: it is told so.
  return parsed.success ? parsed.data : Number.MAX_SAFE_INTEGER;
}
