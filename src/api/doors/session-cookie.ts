import type { FastifyReply, FastifyRequest } from 'fastify';
import { SESSION_MOST_MS } from '../../jobs/credentials.ts';

const COOKIE = 'longhand_session';

/** What the browser sends of its session; undefined when it sends none. */
export function sessionIdOf(request: FastifyRequest): string | undefined {
  return request.cookies[COOKIE] || undefined;
}

/** Gives the browser a session. No script of a page can read it, and no page of another site makes the browser send it. */
export function giveSession(request: FastifyRequest, reply: FastifyReply, id: string): void {
  reply.setCookie(COOKIE, id, { ...attributesFor(request), maxAge: SESSION_MOST_MS / 1000 });
}

/** Takes it away. */
export function takeSession(request: FastifyRequest, reply: FastifyReply): void {
  reply.clearCookie(COOKIE, attributesFor(request));
}

function attributesFor(request: FastifyRequest) {
  return { path: '/', httpOnly: true, sameSite: 'strict', secure: cameSecurely(request) } as const;
}

/** A proxy in front speaks https for us; the page says so by its origin, which was found to be ours. */
function cameSecurely({ protocol, headers }: FastifyRequest): boolean {
  return protocol === 'https' || (headers.origin?.startsWith('https://') ?? false);
}
