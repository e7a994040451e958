import type { FastifyInstance } from 'fastify';
import { showMetrics } from '../schemas/service.ts';
import type { ServiceContext } from '../service.ts';

/** https://prometheus.io/docs/instrumenting/exposition_formats/ */
const TEXT_FORMAT = 'text/plain; version=0.0.4; charset=utf-8';

/** The figures for Prometheus; `docs/monitoring.md` tells each. */
export function metricsRoutes(server: FastifyInstance, service: ServiceContext): void {
  server.get('/metrics', { schema: showMetrics }, async (_request, reply) =>
    reply.type(TEXT_FORMAT).send(await service.metrics()),
  );
}
