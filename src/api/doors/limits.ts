import type { Server } from 'node:http';
import type { FastifyHttpOptions } from 'fastify';

/**
 * What one request may take. Its body has no time limit of the server's own, since an upload may take hours; what is read
 * whole has one (`body-deadline.ts`).
 */
export const NETWORK_LIMITS = {
  bodyLimit: 1024 * 1024,
  http: { maxHeaderSize: 16 * 1024, headersTimeout: 20_000 },
  // A proxy on this machine tells for whom it asks, and whether by https.
  trustProxy: 'loopback',
} satisfies FastifyHttpOptions<Server>;
