import type { FastifyInstance } from 'fastify';
import type { ApiContext } from '../context.ts';
import { lookUpRoutes } from '../lookups/look-up.ts';
import { transcript } from '../lookups/transcript.ts';

export function transcriptRoutes(server: FastifyInstance, context: ApiContext): void {
  lookUpRoutes(server, context, [transcript]);
}
