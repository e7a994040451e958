import type { FastifyInstance } from 'fastify';
import { UsageError } from '../../domain/errors.ts';
import { sendProblem } from '../problem.ts';

/** A body that is read whole, such as JSON, must be there after this time. Uploads are read by their routes, and may take longer. */
const BODY_MS = 30_000;

/** Its body came too slowly. */
class SlowBodyError extends UsageError {
  readonly statusCode = 408;
  readonly code = 'body_too_slow';

  constructor(seconds: number) {
    super(`The body of the request was not there after ${seconds} s.`, 'Send it again.');
  }
}

/** Keeps nobody from a connection by sending a body that does not end. */
export function limitBodyTime(server: FastifyInstance, milliseconds: number = BODY_MS): void {
  const deadlines = new WeakMap<object, NodeJS.Timeout>();
  server.addHook('onRequest', (request, reply, done) => {
    const { headers } = request;
    if (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined) return done();
    const deadline = setTimeout(() => {
      if (reply.sent) return;
      reply.header('connection', 'close');
      sendProblem(reply, new SlowBodyError(milliseconds / 1000));
    }, milliseconds);
    deadlines.set(request, deadline.unref());
    reply.raw.on('close', () => clearTimeout(deadline));
    done();
  });
  server.addHook('preValidation', (request, _reply, done) => {
    clearTimeout(deadlines.get(request));
    done();
  });
}
