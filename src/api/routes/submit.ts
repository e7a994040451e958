/** `POST /api/jobs`: a recording becomes a job. */
import type {} from '@fastify/multipart';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { UsageError } from '../../domain/errors.ts';
import { type Submitted, submit } from '../../jobs/submit.ts';
import { submitParts } from '../../jobs/submit-parts.ts';
import { accept, requireAccepting, statusOf } from '../accept.ts';
import type { ApiContext } from '../context.ts';
import { createJob, type JobOrder, jobForm } from '../schemas/jobs.ts';
import { submitForm } from '../submit-form.ts';
import { type GivenWish, PathNotAllowedError, wishOf, wishOfMetadata } from '../wish.ts';

/**
 * As JSON a path, which only the command line on this machine may give, or the id of an upload; over the network also as a
 * form with the recording itself (`submit-form.ts`).
 */
export function submitRoutes(server: FastifyInstance, context: ApiContext): void {
  server.post(
    '/api/jobs',
    { schema: createJob, config: { reads: { 'multipart/form-data': jobForm } } },
    async (request, reply) => {
      requireAccepting(context);
      const submitted = request.isMultipart?.()
        ? await submitForm(context, request)
        : await submitOrder(context, request);
      return reply.code(statusOf(submitted)).send(submitted);
    },
  );
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
