/**
 * Every answer that a server of ours gives in a test is compared with what its route says it answers: a problem with the schema of
 * problems, everything else that is JSON with the schema of the route and status. What is not as described fails the test.
 */
import { subscribe } from 'node:diagnostics_channel';
import type { FastifyInstance } from 'fastify';
import type { z } from 'zod';

const faults: string[] = [];

// Told of each server that is made in this process (https://fastify.dev/docs/latest/Reference/Hooks/#diagnostics-channel-hooks).
subscribe('fastify.initialization', (message) => {
  const { fastify } = message as { fastify: FastifyInstance };
  fastify.addHook('onSend', async (request, reply, payload) => {
    const type = String(reply.getHeader('content-type') ?? '');
    if (typeof payload !== 'string' || !type.includes('json') || request.routeOptions.schema?.hide) return payload;
    // Servers of ours know who asks before any handler runs; those that tests make for themselves do not.
    if (request.caller === undefined) return payload;
    const name = `${request.method} ${request.routeOptions.url ?? request.url} ${reply.statusCode}`;
    const schema = await schemaOf(reply.statusCode, type, request.routeOptions.schema?.response);
    if (!schema) faults.push(`${name}: no schema describes this answer.`);
    const result = schema?.safeParse(JSON.parse(payload));
    for (const { path, message: fault } of result?.error?.issues ?? []) {
      faults.push(`${name}: ${path.join('.')}: ${fault}: ${payload.slice(0, 300)}`);
    }
    return payload;
  });
});

/** What was found until now, for whoever wants it to be found: it fails no test then. */
export function takeFaults(): string[] {
  return faults.splice(0);
}

/** Fails the test that got an answer which is not as described; to be called after each. */
export function refuseFaults(): void {
  const found = takeFaults();
  if (found.length > 0) throw new Error(`Answers are not as described:\n${found.join('\n')}`);
}

async function schemaOf(status: number, type: string, response: unknown): Promise<z.ZodType | undefined> {
  // Loaded here alone: most test files have no server.
  const { PROBLEM_MEDIA_TYPE, problem } = await import('../../src/api/schemas/problem.ts');
  if (type.includes(PROBLEM_MEDIA_TYPE)) return status >= 400 ? problem : undefined;
  const answers = response as Record<string, z.ZodType | { content: Record<string, { schema: z.ZodType }> }>;
  const described = answers?.[status] ?? answers?.[`${String(status)[0]}XX`];
  if (!described || !('content' in described)) return described;
  return described.content[type.split(';')[0] as string]?.schema;
}
