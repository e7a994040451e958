/** The ways in which recordings come over the network: forms, uploads in parts, and as OpenAI's clients send them. */
import multipart from '@fastify/multipart';
import type { FastifyInstance } from 'fastify';
import type { ApiContext } from './context.ts';
import { openAiRoutes } from './openai/routes.ts';
import { tusRoutes } from './tus/routes.ts';

export function registerUploads(server: FastifyInstance, context: ApiContext): void {
  server.register(multipart);
  tusRoutes(server, context);
  openAiRoutes(server, context);
}
