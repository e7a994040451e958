import type { FastifyInstance } from 'fastify';
import { showReadiness, showService } from '../schemas/service.ts';
import { inShort, NotReadyError, type ServiceContext } from '../service.ts';

/** Who answers here, and whether work can be handed in. */
export function readinessRoutes(server: FastifyInstance, service: ServiceContext): void {
  server.get('/api/service', { schema: showService }, () => service.facts());

  server.get('/readyz', { schema: showReadiness }, async ({ caller, door }) => {
    const obstacles = await service.obstacles();
    const isStranger = !caller.local && door === undefined;
    const [first, ...others] = isStranger ? obstacles.map(inShort) : obstacles;
    if (first) throw new NotReadyError([first, ...others]);
    return { status: 'ready' };
  });
}
