/** The hand on single jobs: go on, again, rest, give up, go first, go away. */
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { move } from '../../jobs/priority.ts';
import type { ApiContext } from '../context.ts';
import { controlHand } from '../control-hand.ts';
import * as schemas from '../schemas/control.ts';

export type { GoesOn } from '../control-hand.ts';

export function controlRoutes(server: FastifyInstance, context: ApiContext): void {
  const { store, queue } = context;
  const app = server.withTypeProvider<ZodTypeProvider>();
  const hand = controlHand(context);

  app.post('/api/jobs/:id/resume', { schema: schemas.resumeJob }, ({ params }) => hand.resume(params.id));

  /** From its checkpoint, from the start, or one stage of it. */
  app.post('/api/jobs/:id/retry', { schema: schemas.retryJob }, ({ params, body }) => hand.retry(params.id, body));

  app.post('/api/jobs/:id/stop', { schema: schemas.stopJob }, async ({ params, body }) => ({
    id: params.id,
    stopping: context.unwant(params.id, body.why),
  }));

  /** What is committed stays; it can be resumed. */
  app.post('/api/jobs/:id/cancel', { schema: schemas.cancelJob }, ({ params }) => hand.cancel(params.id));

  /** One that is worked on is paused after the chunk in flight. */
  app.post('/api/jobs/:id/pause', { schema: schemas.pauseJob }, ({ params }) => hand.pause(params.id));

  app.post('/api/jobs/:id/priority', { schema: schemas.prioritiseJob }, ({ params, body }) =>
    hand.prioritise(params.id, body.to),
  );

  /** Another place among those that wait. */
  app.post('/api/jobs/:id/move', { schema: schemas.moveJob }, async ({ params, body, caller }) => {
    const done = await move(store, params.id, 'to' in body ? body.to : body, caller.userId);
    queue.wake();
    return done;
  });

  /** With its files and logs, and its recording when that was uploaded; a running one is cancelled first. */
  app.delete('/api/jobs/:id', { schema: schemas.deleteJob }, ({ params }) => hand.remove(params.id));
}
