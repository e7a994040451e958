import type { ServerResponse } from 'node:http';

/**
 * What browsers are told about every answer: nothing is taken from elsewhere, put into other pages, guessed at, or kept.
 * A route may answer with others of its own.
 */
const HEADERS = Object.entries({
  'content-security-policy': [
    "default-src 'self'",
    "img-src 'self' data: blob:",
    "media-src 'self' blob:",
    "object-src 'none'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'self'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(self)',
  'cache-control': 'no-store',
});

/** Also for answers that are written past Fastify: streams, uploads. */
export function setSecurityHeaders(response: ServerResponse): void {
  for (const [name, value] of HEADERS) response.setHeader(name, value);
}
