/** One set of routes, whoever asks and whichever way. */
import type { FastifyInstance } from 'fastify';
import type { ApiContext } from './context.ts';
import { hidePaths } from './hide-paths.ts';
import { accessRoutes } from './routes/access.ts';
import { auditRoutes } from './routes/audit.ts';
import { bulkRoutes } from './routes/bulk.ts';
import { controlRoutes } from './routes/control.ts';
import { eventRoutes } from './routes/events.ts';
import { healthRoutes } from './routes/health.ts';
import { jobRoutes } from './routes/jobs.ts';
import { logRoutes } from './routes/logs.ts';
import { modelRoutes } from './routes/models.ts';
import { notificationRoutes } from './routes/notifications.ts';
import { partRoutes } from './routes/parts.ts';
import { queueRoutes } from './routes/queue.ts';
import { readinessRoutes } from './routes/readiness.ts';
import { serviceRoutes } from './routes/service.ts';
import { submitRoutes } from './routes/submit.ts';
import { transcriptRoutes } from './routes/transcripts.ts';
import { watchedRoutes } from './routes/watched.ts';
import { showAlive } from './schemas/service.ts';

export function registerRoutes(server: FastifyInstance, context: ApiContext): void {
  server.get('/livez', { schema: showAlive }, () => ({ status: 'alive' }));
  hidePaths(server, context);
  submitRoutes(server, context);
  jobRoutes(server, context);
  controlRoutes(server, context);
  queueRoutes(server, context);
  auditRoutes(server, context);
  accessRoutes(server, context);
  eventRoutes(server, context);
  watchedRoutes(server, context);
  notificationRoutes(server, context);
  transcriptRoutes(server, context);
  logRoutes(server, context);
  healthRoutes(server, context);
  partRoutes(server, context);
  bulkRoutes(server, context);
  modelRoutes(server, context);
  serviceRoutes(server, context);
  if (context.service) readinessRoutes(server, context.service);
}
