import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { ApiContext } from '../context.ts';
import { cleanUp, showHealth } from '../schemas/service.ts';

/** How the supervision is, and cleaning up on demand. */
export function healthRoutes(server: FastifyInstance, { health, cleanup, service }: ApiContext): void {
  const app = server.withTypeProvider<ZodTypeProvider>();

  app.get('/api/health', { schema: showHealth }, async () => {
    const { status, orphanedCount, stuckCount, activeCount, alerts, ...figures } = await health();
    const obstacles = (await service?.obstacles()) ?? [];
    return {
      status: obstacles.length > 0 ? 'degraded' : status,
      orphaned_count: orphanedCount,
      stuck_count: stuckCount,
      active_count: activeCount,
      alerts,
      obstacles,
      metrics: figures,
    };
  });

  app.post('/api/cleanup', { schema: cleanUp }, () => cleanup());
}
