import type { FastifyInstance } from 'fastify';
import { reportOf } from '../../domain/errors.ts';
import { PageLeave } from '../../jobs/page-leave.ts';
import type { ApiContext } from '../context.ts';
import { liveOf } from './live.ts';
import { pageOf } from './presence.ts';

/** Cancels the jobs of pages that stay closed, as long as the server listens. */
export function watchPages(server: FastifyInstance, context: ApiContext): void {
  const { store, hub, queue, unwant, live } = context;
  const { presence, clock } = liveOf(context);
  const leave = new PageLeave({
    store,
    clock,
    stop: unwant,
    pageOf: ({ user_id, client_id }) => {
      const page = pageOf(user_id, client_id);
      return { isOpen: presence.isOpen(page), closedAt: presence.closedAt(page) };
    },
    onCancelled: (jobId) => {
      hub.tell({ type: 'state', jobId, status: 'cancelled' });
      queue.wake();
    },
    onError: (error) => live?.onProblem?.(`Pages that were left were not looked for: ${reportOf(error).message}`),
  });
  server.addHook('onListen', async () => leave.start());
  server.addHook('preClose', () => leave.stop());
}
