/** `POST /api/jobs`: a recording becomes a job. */
import type {} from '@fastify/multipart';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { UsageError } from '../../domain/errors.ts';
import { type Submitted, submit } from '../../jobs/submit.ts';
import { submitParts } from '../../jobs/submit-parts.ts';
import { accept, requireAccepting, statusOf } from '../accept.ts';
import type { ApiContext } from '../context.ts';
import { submitForm } from '../submit-form.ts';
import { type GivenWish, PathNotAllowedError, wishFields, wishOf, wishOfMetadata } from '../wish.ts';

/** A recording that is on this machine already: at a path, or as an upload that came in parts. */
const jobOrder = z
  .strictObject({
    id: z.int().positive().optional(),
    path: z.string().min(1).optional(),
    upload: z.string().min(1).max(100).optional(),
    watched: z.boolean().optional(),
    ...wishFields,
  })
  .refine(({ path, upload }) => (path === undefined) !== (upload === undefined), {
    message: 'Either the path of a recording or the id of an upload is needed',
    path: ['path'],
  });

type JobOrder = z.infer<typeof jobOrder>;

/**
 * As JSON a path, which only the command line on this machine may give, or the id of an upload; over the network also as a
 * form with the recording itself (`submit-form.ts`).
 */
export function submitRoutes(server: FastifyInstance, context: ApiContext): void {
  // Forms are checked while they come.
  const body = { content: { 'application/json': { schema: jobOrder } } };
  server.post('/api/jobs', { schema: { body } }, async (request, reply) => {
    requireAccepting(context);
    const submitted = request.isMultipart?.()
      ? await submitForm(context, request)
      : await submitOrder(context, request);
    return reply.code(statusOf(submitted)).send(submitted);
  });
}

async function submitOrder(context: ApiContext, request: FastifyRequest): Promise<Submitted> {
  const { body, caller } = request;
  // Of another type it was not checked.
  if (typeof body !== 'object' || body === null)
    throw new UsageError('The request is not valid: it is no JSON object.');
  const { path, upload, id, watched, ...given } = body as JobOrder;
  if (!caller.local && (path ?? id ?? watched) !== undefined) {
    throw new PathNotAllowedError(
      'A recording is handed in',
      'Send the recording itself, as a form: -F file=@talk.mp3',
    );
  }
  const wish = (options: GivenWish) => wishOf(options, context.intake.defaults, caller);
  return await accept(context, (makeRoom) => {
    const within = { ...context, makeRoom };
    if (path !== undefined) return submit(within, { ...wish(given), path, id, watched });
    const whose = { id: upload ?? '', userId: caller.userId };
    return submitParts(within, whose, ({ metadata }) => wish({ ...wishOfMetadata(metadata), ...given }));
  });
}
