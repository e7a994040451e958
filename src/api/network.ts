/** The same API over TCP, for the page and for other programs: behind doors, and with what only they need. */
import type { FastifyInstance } from 'fastify';
import type { ApiContext } from './context.ts';
import { installDoors } from './doors/doors.ts';
import { NETWORK_LIMITS } from './doors/limits.ts';
import { sessionRoutes } from './doors/session-routes.ts';
import { watchPages } from './live/watch-pages.ts';
import { describeRoutes } from './openapi.ts';
import { pageRoutes } from './page.ts';
import { noteRefusals } from './refusal-log.ts';
import { liveSocket } from './routes/live-socket.ts';
import { metricsRoutes } from './routes/metrics.ts';
import { progressSocket } from './routes/progress-socket.ts';
import { registerRoutes } from './routes.ts';
import { bareServer } from './server.ts';
import { registerSockets } from './sockets.ts';
import { registerUploads } from './uploads.ts';

/** What is said of the service's place in the network. */
export interface NetworkOptions {
  /** Names by which it is reached besides this machine's own: LONGHAND_ALLOWED_HOSTS. */
  allowedHosts?: readonly string[] | undefined;
  /** A sentence for whoever runs the service: somebody was refused. */
  onRefusal?(sentence: string): void;
}

/** Builds the server; nothing listens yet. */
export async function buildNetworkServer(context: ApiContext, options: NetworkOptions = {}): Promise<FastifyInstance> {
  const { allowedHosts, onRefusal = () => undefined } = options;
  const server = bareServer(NETWORK_LIMITS);
  if (context.service) noteRefusals(server, context.service);
  // First: it ends the connection of an upgrade that somebody after it refuses, which nobody else does.
  await registerSockets(server);
  installDoors(server, context.store, allowedHosts);
  await describeRoutes(server);
  progressSocket(server, context);
  liveSocket(server, context);
  server.register(async (app) => sessionRoutes(app, context.store, onRefusal));
  registerRoutes(server, context);
  if (context.service) metricsRoutes(server, context.service);
  watchPages(server, context);
  registerUploads(server, context);
  await pageRoutes(server);
  return server;
}
