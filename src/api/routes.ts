/** One set of routes, whoever asks and whichever way. */
import type { FastifyInstance } from 'fastify';
import type { ApiContext } from './context.ts';
import { auditRoutes } from './routes/audit.ts';
import { controlRoutes } from './routes/control.ts';
import { eventRoutes } from './routes/events.ts';
import { healthRoutes } from './routes/health.ts';
import { jobRoutes } from './routes/jobs.ts';
import { logRoutes } from './routes/logs.ts';
import { notificationRoutes } from './routes/notifications.ts';
import { queueRoutes } from './routes/queue.ts';
import { transcriptRoutes } from './routes/transcripts.ts';
import { watchedRoutes } from './routes/watched.ts';

export function registerRoutes(server: FastifyInstance, context: ApiContext): void {
  server.get('/livez', () => ({ status: 'alive' }));
  jobRoutes(server, context);
  controlRoutes(server, context);
  queueRoutes(server, context);
  auditRoutes(server, context);
  eventRoutes(server, context);
  watchedRoutes(server, context);
  notificationRoutes(server, context);
  transcriptRoutes(server, context);
  logRoutes(server, context);
  healthRoutes(server, context);
}
