/**
 * A look-up: a question that changes nothing. It is answered over HTTP by a route, and by a command that is the owner for a
 * moment without any server (`direct-client.ts`): the same path, the same check of what was asked, the same use case.
 */
import type { FastifyInstance, FastifySchema } from 'fastify';
import type { ZodType, z } from 'zod';
import { type AtOnce, goOnWith } from '../../domain/at-once.ts';
import type { QueueContext } from '../../jobs/queue-view.ts';

/** What the answers need from whoever owns the data folder. */
export interface LookUpContext extends Pick<QueueContext, 'store'> {
  dataDir: string;
  queue: Omit<QueueContext, 'store'>;
}

/** An answer that is not JSON. */
export class PlainAnswer {
  readonly content: string | Uint8Array;
  readonly mediaType: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(content: string | Uint8Array, mediaType: string, headers: Readonly<Record<string, string>> = {}) {
    this.content = content;
    this.mediaType = mediaType;
    this.headers = headers;
  }
}

/** What is asked, and by whom. */
export interface Asked<Query = unknown, Params = unknown> {
  query: Query;
  params: Params;
  /** Whose jobs are seen; null: all. */
  userId: string | null;
}

/** A question that changes nothing. */
export interface LookUp {
  /** Such as `/api/jobs/:id`. */
  readonly path: string;
  readonly schema: FastifySchema & { querystring?: ZodType; params?: ZodType };
  /** @param asked checked with the schema */
  answer(context: LookUpContext, asked: Asked): AtOnce<unknown>;
}

type Parsed<S, K extends 'querystring' | 'params'> = S extends { [key in K]: infer T extends ZodType }
  ? z.output<T>
  : unknown;
type AnswerOf<S> = S extends { response: { 200: infer T extends ZodType } } ? z.input<T> : PlainAnswer;

/** Makes a look-up, whose answer is what its schema says of it. */
export function lookUp<const S extends LookUp['schema']>(
  path: string,
  schema: S,
  answer: (context: LookUpContext, asked: Asked<Parsed<S, 'querystring'>, Parsed<S, 'params'>>) => AtOnce<AnswerOf<S>>,
): LookUp {
  return { path, schema, answer: (context, asked) => answer(context, asked as Parameters<typeof answer>[1]) };
}

/** Answers look-ups over HTTP. */
export function lookUpRoutes(server: FastifyInstance, context: LookUpContext, lookUps: readonly LookUp[]): void {
  for (const { path, schema, answer } of lookUps) {
    server.get(path, { schema }, ({ query, params, caller }, reply) =>
      goOnWith(answer(context, { query, params, userId: caller.userId }), (found) => {
        if (!(found instanceof PlainAnswer)) return found;
        return reply.headers(found.headers).type(found.mediaType).send(found.content);
      }),
    );
  }
}
