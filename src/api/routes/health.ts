import type { FastifyInstance } from 'fastify';
import type { ApiContext } from '../context.ts';

/** How the supervision is, and cleaning up on demand. */
export function healthRoutes(server: FastifyInstance, { health, cleanup, service }: ApiContext): void {
  server.get('/api/health', async () => {
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

  server.post('/api/cleanup', () => cleanup());
}
