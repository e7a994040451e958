/** `POST /api/sample`: the recording that ships with Longhand becomes a job, to see it work. */
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { takeSample } from '../../jobs/sample.ts';
import { accept, requireAccepting, statusOf } from '../accept.ts';
import type { ApiContext } from '../context.ts';
import { createSample } from '../schemas/sample.ts';
import { submitOrDiscard } from '../submit-form.ts';
import { wishOf } from '../wish.ts';

/** What is spoken in it. */
const SAMPLE_LANGUAGE = 'en';

export function sampleRoutes(server: FastifyInstance, context: ApiContext): void {
  const { dataDir, intake, sampleRecording } = context;
  server.withTypeProvider<ZodTypeProvider>().post('/api/sample', { schema: createSample }, async (request, reply) => {
    requireAccepting(context);
    const { body, caller } = request;
    const wish = wishOf({ language: SAMPLE_LANGUAGE, ...body }, intake.defaults, caller);
    const upload = await takeSample(dataDir, sampleRecording);
    const submitted = await accept(context, (makeRoom) => submitOrDiscard({ ...context, makeRoom }, upload, wish));
    return reply.code(statusOf(submitted)).send(submitted);
  });
}
