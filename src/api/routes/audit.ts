import type { FastifyInstance } from 'fastify';
import type { ApiContext } from '../context.ts';
import { audit } from '../lookups/audit.ts';
import { lookUpRoutes } from '../lookups/look-up.ts';

export function auditRoutes(server: FastifyInstance, context: ApiContext): void {
  lookUpRoutes(server, context, [audit]);
}
