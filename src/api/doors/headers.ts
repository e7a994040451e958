import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from 'node:http';

/**
 * What browsers are told about every answer: nothing is taken from elsewhere, put into other pages, guessed at, or kept.
 * A route may answer with others of its own.
 */
const HEADERS: Readonly<Record<string, string>> = {
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
};
const ENTRIES = Object.entries(HEADERS);
const NAMES = new Set(Object.keys(HEADERS));

/**
 * Sees to it that an answer carries them, also one that is written past Fastify: streams, uploads. They are added when its head
 * is written: setting each before costs more than the rest of the doors.
 */
export function setSecurityHeaders(response: ServerResponse): void {
  response.writeHead = writeHead;
}

/** Every answer's head goes this way, since Node writes it so where nobody else did. */
function writeHead(this: ServerResponse, status: number, ...given: unknown[]): ServerResponse {
  const [headers] = given;
  const isPlain = given.length === 1 && typeof headers === 'object' && headers !== null && !Array.isArray(headers);
  if (isPlain && this.getHeaderNames().length === 0) {
    return original(this).call(this, status, withSecurity(headers as OutgoingHttpHeaders));
  }
  for (const [name, value] of ENTRIES) if (!this.hasHeader(name)) this.setHeader(name, value);
  return original(this).apply(this, [status, ...given] as Parameters<ServerResponse['writeHead']>);
}

function original(response: ServerResponse): ServerResponse['writeHead'] {
  return Object.getPrototypeOf(response).writeHead;
}

/** Names and values by turns, which is what Node writes the fastest. */
function withSecurity(headers: OutgoingHttpHeaders): OutgoingHttpHeader[] {
  const list: OutgoingHttpHeader[] = [];
  /** Of ours, those that the route answers in its own way: mostly none. */
  let own: string[] | undefined;
  for (const name of Object.keys(headers)) {
    const lower = name.toLowerCase();
    if (NAMES.has(lower)) own = [...(own ?? []), lower];
    list.push(name, headers[name] as OutgoingHttpHeader);
  }
  for (const [name, value] of ENTRIES) if (!own?.includes(name)) list.push(name, value);
  return list;
}
