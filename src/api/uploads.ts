/** The ways in which recordings come over the network. */
import multipart from '@fastify/multipart';
import type { FastifyInstance } from 'fastify';

export function registerUploads(server: FastifyInstance): void {
  server.register(multipart);
}
