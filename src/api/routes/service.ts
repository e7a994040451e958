import type { FastifyInstance } from 'fastify';
import { NotReadyError, type ServiceContext } from '../service.ts';

/** Who answers here, and whether work can be handed in. */
export function serviceRoutes(server: FastifyInstance, service: ServiceContext): void {
  server.get('/api/service', () => service.facts());

  server.get('/readyz', async () => {
    const [first, ...others] = await service.obstacles();
    if (first) throw new NotReadyError([first, ...others]);
    return { status: 'ready' };
  });
}
