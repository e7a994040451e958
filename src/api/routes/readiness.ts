import type { FastifyInstance } from 'fastify';
import { showReadiness, showService } from '../schemas/service.ts';
import { NotReadyError, type ServiceContext } from '../service.ts';

/** Who answers here, and whether work can be handed in. */
export function readinessRoutes(server: FastifyInstance, service: ServiceContext): void {
  server.get('/api/service', { schema: showService }, () => service.facts());

  server.get('/readyz', { schema: showReadiness }, async () => {
    const [first, ...others] = await service.obstacles();
    if (first) throw new NotReadyError([first, ...others]);
    return { status: 'ready' };
  });
}
