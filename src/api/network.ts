/** The same API over TCP, for the page and for other programs: behind doors, and with what only they need. */
import type { FastifyInstance } from 'fastify';
import { LOCAL_OWNER } from './caller.ts';
import type { ApiContext } from './context.ts';
import { noteRefusals } from './refusals.ts';
import { metricsRoutes } from './routes/metrics.ts';
import { registerRoutes } from './routes.ts';
import { bareServer } from './server.ts';

/** Builds the server; nothing listens yet. */
export async function buildNetworkServer(context: ApiContext): Promise<FastifyInstance> {
  const server = bareServer();
  server.addHook('onRequest', async (request) => {
    request.caller = { ...LOCAL_OWNER, local: false };
  });
  if (context.service) noteRefusals(server, context.service);
  registerRoutes(server, context);
  if (context.service) metricsRoutes(server, context.service);
  return server;
}
