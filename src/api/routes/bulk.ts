import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type * as z from 'zod';
import { matchingIds } from '../../jobs/list.ts';
import { requireOwn } from '../../jobs/ownership.ts';
import type { ApiContext } from '../context.ts';
import { type ControlHand, controlHand } from '../control-hand.ts';
import { problemOf } from '../problem.ts';
import { bulkControl, MOST_AT_ONCE } from '../schemas/control.ts';
import { withMoments } from '../schemas/list.ts';

type Wish = z.output<typeof bulkControl.body>;
type Result = z.output<(typeof bulkControl.response)[200]>['results'][number];

/** The same for many jobs. One that cannot be done keeps none of the others from it, and is told. */
export function bulkRoutes(server: FastifyInstance, context: ApiContext): void {
  const { store } = context;
  const hand = controlHand(context);
  server
    .withTypeProvider<ZodTypeProvider>()
    .post('/api/jobs/bulk', { schema: bulkControl }, async ({ body, caller }, reply) => {
      const { ids, more } = body.filter
        ? await matchingIds(store, { ...withMoments(body.filter), userId: caller.userId ?? undefined }, MOST_AT_ONCE)
        : { ids: [...new Set(body.ids)], more: false };
      const results: Result[] = [];
      for (const id of ids) {
        try {
          await requireOwn(store, caller.userId, id);
          results.push({ id, done: true, answer: await act(hand, id, body) });
        } catch (error) {
          results.push({ id, done: false, problem: problemOf(error) });
        }
      }
      const done = results.filter((result) => result.done).length;
      const failed = results.length - done;
      return reply.code(failed === 0 ? 200 : 207).send({ done, failed, results, more });
    });
}

function act(hand: ControlHand, id: number, { action, priority, fromStart, stage }: Wish): Promise<unknown> {
  switch (action) {
    case 'retry':
      return hand.retry(id, { fromStart, stage });
    case 'priority':
      return hand.prioritise(id, priority ?? 0);
    case 'delete':
      return hand.remove(id);
    default:
      return hand[action](id);
  }
}
