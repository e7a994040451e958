/** The ways in which recordings come over the network: forms, uploads in parts, and as OpenAI's clients send them. */
import multipart from '@fastify/multipart';
import type { FastifyInstance } from 'fastify';
import type { ApiContext } from './context.ts';
import { openAiRoutes } from './openai/routes.ts';
import { submitRoutes } from './routes/submit.ts';
import { tusRoutes } from './tus/routes.ts';

export function registerUploads(server: FastifyInstance, context: ApiContext): void {
  // What reads forms hooks into every request that it can see, so it sees those alone that may bring one.
  server.register(async (forms) => {
    await forms.register(multipart);
    submitRoutes(forms, context);
    openAiRoutes(forms, context);
  });
  tusRoutes(server, context);
}
