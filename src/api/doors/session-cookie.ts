import type { FastifyReply, FastifyRequest } from 'fastify';
import { SESSION_MOST_MS } from '../../jobs/credentials.ts';

const COOKIE = 'longhand_session';
/** Its value is base64url, of which nothing needs to be escaped (RFC 6265, 4.1.1). */
const VALUE = new RegExp(`(?:^|;) *${COOKIE}=([\\w-]+) *(?:;|$)`);

/** What the browser sends of its session; undefined when it sends none. */
export function sessionIdOf(request: FastifyRequest): string | undefined {
  return VALUE.exec(request.headers.cookie ?? '')?.[1];
}

/** Gives the browser a session. No script of a page can read it, and no page of another site makes the browser send it. */
export function giveSession(request: FastifyRequest, reply: FastifyReply, id: string): void {
  setCookie(request, reply, { value: id, maxAgeSeconds: SESSION_MOST_MS / 1000 });
}

/** Takes it away. */
export function takeSession(request: FastifyRequest, reply: FastifyReply): void {
  setCookie(request, reply, { value: '', maxAgeSeconds: 0 });
}

/** https://www.rfc-editor.org/rfc/rfc6265#section-4.1 */
function setCookie(
  request: FastifyRequest,
  reply: FastifyReply,
  { value, maxAgeSeconds }: { value: string; maxAgeSeconds: number },
): void {
  const secure = cameSecurely(request) ? '; Secure' : '';
  const attributes = `Max-Age=${maxAgeSeconds}; Path=/; HttpOnly${secure}; SameSite=Strict`;
  reply.header('set-cookie', `${COOKIE}=${value}; ${attributes}`);
}

/** A proxy in front speaks https for us; the page says so by its origin, which was found to be ours. */
function cameSecurely({ protocol, headers }: FastifyRequest): boolean {
  return protocol === 'https' || (headers.origin?.startsWith('https://') ?? false);
}
