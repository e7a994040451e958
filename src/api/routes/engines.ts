import type { FastifyInstance } from 'fastify';
import { enginesOf } from '../../jobs/engines-view.ts';
import type { ApiContext } from '../context.ts';
import { listEngines } from '../schemas/engines.ts';

export function engineRoutes(server: FastifyInstance, context: ApiContext): void {
  server.get('/api/engines', { schema: listEngines }, () => enginesOf(context));
}
