import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Problem } from './problem.ts';
import type { ServiceContext } from './service.ts';

/** The same line again within this time is left out: whoever guesses passwords shall not fill the log. */
const REPEAT_MS = 60_000;
const LINES_KEPT = 1_000;

/**
 * Writes into the service's log what somebody should look at: requests that failed for a reason of ours, and those that
 * were refused because nobody knows who asks. The route stands there, never the address with what was sent in it.
 */
export function noteRefusals(
  server: FastifyInstance,
  service: Pick<ServiceContext, 'note'>,
  now: () => number = Date.now,
): void {
  const told = new Map<string, number>();
  server.addHook('onSend', (request, reply, payload, done) => {
    if (reply.statusCode === 401 || reply.statusCode >= 500) tell(sentenceFor(request, reply, payload));
    done(null, payload);
  });

  function tell(sentence: string | undefined): void {
    if (sentence === undefined || now() - (told.get(sentence) ?? -Infinity) < REPEAT_MS) return;
    if (told.size >= LINES_KEPT) told.clear();
    told.set(sentence, now());
    service.note('WARNING', sentence);
  }
}

function sentenceFor({ method, routeOptions, ip }: FastifyRequest, reply: FastifyReply, payload: unknown) {
  const route = `${method} ${routeOptions.url ?? '(no route)'}`;
  if (reply.statusCode === 401) return `${route} was refused to ${ip}`;
  // A probe that is told "not now" is no failure.
  if (routeOptions.url === '/readyz') return undefined;
  return `${route} failed (${reply.statusCode})${detailOf(reply, payload)}`;
}

function detailOf(reply: FastifyReply, payload: unknown): string {
  const isProblem = String(reply.getHeader('content-type')).startsWith('application/problem+json');
  return isProblem && typeof payload === 'string' ? `: ${(JSON.parse(payload) as Problem).detail}` : '';
}
