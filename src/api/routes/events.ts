import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { stateOf } from '../../jobs/state.ts';
import type { ApiContext } from '../context.ts';
import { followAll } from '../schemas/events.ts';
import { showJobState } from '../schemas/jobs.ts';
import { eventStream } from '../sse.ts';

export function eventRoutes(server: FastifyInstance, { hub, store }: ApiContext): void {
  const app = server.withTypeProvider<ZodTypeProvider>();

  /**
   * State, progress and log lines of every job as they come, after a `ready`. Whoever follows hundreds of jobs needs one
   * stream, opened before they are handed in, so that nothing is missed. The client ends it.
   */
  app.get('/api/events', { schema: followAll }, (_request, reply) => {
    const stream = eventStream(reply);
    stream.onClose(
      hub.subscribeToAll((news) => {
        if (news.type !== 'logged') stream.send(news.type, news);
      }),
    );
    stream.send('ready', {});
  });

  /** Where a job stands, and no more: cheap enough to be asked of each of many. */
  app.get('/api/jobs/:id/state', { schema: showJobState }, ({ params }) => stateOf(store, params.id));
}
