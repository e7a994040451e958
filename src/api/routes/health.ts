import type { FastifyInstance } from 'fastify';
import type { ApiContext } from '../context.ts';

/** How the supervision is, and cleaning up on demand. */
export function healthRoutes(server: FastifyInstance, { health, cleanup }: ApiContext): void {
  server.get('/api/health', async () => {
    const { status, orphanedCount, stuckCount, activeCount, alerts, ...figures } = await health();
    return {
      status,
      orphaned_count: orphanedCount,
      stuck_count: stuckCount,
      active_count: activeCount,
      alerts,
      metrics: figures,
    };
  });

  server.post('/api/cleanup', () => cleanup());
}
