/** Errors in the form that OpenAI's clients read (https://platform.openai.com/docs/guides/error-codes). */
import type { FastifyReply } from 'fastify';
import { UsageError } from '../../domain/errors.ts';
import { problemOf } from '../problem.ts';

/** A parameter that cannot be used. */
export class ParameterError extends UsageError {
  readonly statusCode: number;
  readonly code: string;
  readonly param: string;

  constructor(param: string, message: string, { status = 400, code = 'invalid_value' } = {}) {
    super(message);
    this.param = param;
    this.statusCode = status;
    this.code = code;
  }
}

/** A job that has come to its end without a text; sending the recording again changes nothing. */
export function isFinal(error: unknown): boolean {
  return (error as { final?: unknown } | undefined)?.final === true;
}

export function sendOpenAiError(reply: FastifyReply, error: unknown): FastifyReply {
  const { status, code, detail, remedy } = problemOf(error);
  const { param } = error as { param?: string };
  // OpenAI's clients try again by themselves after 409 and 5xx, unless they are told not to.
  if (isFinal(error)) reply.header('x-should-retry', 'false');
  return reply.code(status).send({
    error: {
      message: [detail, remedy].filter(Boolean).join(' '),
      type: status < 500 ? 'invalid_request_error' : 'server_error',
      param: param ?? null,
      code,
    },
  });
}
