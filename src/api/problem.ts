import type { FastifyReply } from 'fastify';
import { type ErrorKind, LonghandError, reportOf, UsageError } from '../domain/errors.ts';

/** An error as it goes over the wire: RFC 9457 problem details, with a stable code and what to do. */
export interface Problem {
  type: 'about:blank';
  title: ErrorKind;
  status: number;
  /** Stable, for programs. */
  code: string;
  /** The sentence that the command line shows. */
  detail: string;
  remedy?: string;
}

const STATUS: Partial<Record<ErrorKind, number>> = { usage: 400, input: 422, network: 502, model: 422, disk: 507 };

/** The error as a problem, with the HTTP status that fits its kind. */
export function problemOf(error: unknown): Problem {
  const report = reportOf(error);
  const given = (error as { statusCode?: unknown }).statusCode;
  const status = typeof given === 'number' ? given : (STATUS[report.kind] ?? 500);
  return {
    type: 'about:blank',
    title: report.kind,
    status,
    code: (error as { code?: string }).code ?? report.kind,
    detail: report.message,
    ...(report.remedy ? { remedy: report.remedy } : {}),
  };
}

/** Sends it. */
export function sendProblem(reply: FastifyReply, error: unknown): FastifyReply {
  const problem = problemOf(error);
  return reply.code(problem.status).type('application/problem+json').send(problem);
}

/** The other way round, for clients of ours. */
export function errorOfProblem({ title: kind, detail: message, remedy }: Problem): LonghandError {
  if (kind === 'usage') return new UsageError(message, remedy);
  return new LonghandError({ kind, message, ...(remedy ? { remedy } : {}) });
}
