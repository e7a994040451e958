/** The API of the owner of a data folder, over its socket. */
import type { Server } from 'node:http';
import Fastify, { type FastifyHttpOptions, type FastifyInstance, type FastifyServerOptions } from 'fastify';
import { validatorCompiler } from 'fastify-type-provider-zod';
import { LonghandError, UsageError } from '../domain/errors.ts';
import { textOf } from './answer-text.ts';
import { LOCAL_OWNER } from './caller.ts';
import type { ApiContext } from './context.ts';
import { invalidRequest } from './invalid.ts';
import { sendProblem } from './problem.ts';
import { refuseUnreadable } from './refusals.ts';
import { submitRoutes } from './routes/submit.ts';
import { registerRoutes } from './routes.ts';

/** Builds the server for the socket; nothing listens yet. */
export function buildServer(context: ApiContext): FastifyInstance {
  const server = bareServer();
  server.addHook('onRequest', async (request) => {
    request.caller = LOCAL_OWNER;
  });
  registerRoutes(server, context);
  submitRoutes(server, context);
  return server;
}

/**
 * Given from the start, so that Fastify does not load its own, which nobody needs here and every command would wait for. Its
 * types know of no others.
 */
const SCHEMAS = {
  compilersFactory: {
    buildValidator: () => validatorCompiler,
    // What is sent was typed by its schema; to check each answer again would take longer than to find it.
    buildSerializer: () => () => textOf,
  },
} as unknown as NonNullable<FastifyServerOptions['schemaController']>;

/** A server that checks what comes in, and tells every error as a problem. */
export function bareServer(options: FastifyHttpOptions<Server> = {}): FastifyInstance {
  const server = Fastify({
    logger: false,
    forceCloseConnections: true,
    schemaController: SCHEMAS,
    frameworkErrors: (error, _request, reply) => sendProblem(reply, inWords(error)),
    clientErrorHandler: refuseUnreadable,
    ...options,
  });
  server.setErrorHandler((error, _request, reply) => sendProblem(reply, inWords(error)));
  server.setNotFoundHandler((request, reply) => {
    const error = Object.assign(new UsageError(`There is nothing at ${request.method} ${request.url}.`), {
      statusCode: 404,
    });
    return sendProblem(reply, error);
  });
  return server;
}

interface FrameworkError {
  message: string;
  statusCode?: number;
  validation?: { instancePath: string; message?: string }[];
}

/** What the framework says of a request that it refuses, as a sentence of ours. Other errors stay as they are. */
export function inWords(error: unknown): unknown {
  if (error instanceof LonghandError) return error;
  const { message, statusCode = 500, validation } = error as FrameworkError;
  if (validation) {
    return invalidRequest(
      validation.map(({ instancePath, message: fault }) => ({
        at: instancePath.slice(1).replaceAll('/', '.'),
        message: fault,
      })),
    );
  }
  if (statusCode >= 500) return error;
  return Object.assign(new UsageError(`The request is not valid: ${message}.`), { statusCode });
}
