/** The ways in which recordings come over the network: forms, and uploads in parts. */
import multipart from '@fastify/multipart';
import type { FastifyInstance } from 'fastify';
import type { ApiContext } from './context.ts';
import { tusRoutes } from './tus/routes.ts';

export function registerUploads(server: FastifyInstance, context: ApiContext): void {
  server.register(multipart);
  tusRoutes(server, context);
}
