/** Look-ups by the owner itself, in its own process: no server, no socket, and the answers of the routes. */
import type { LookUpClient } from './client.ts';
import { invalidRequest } from './invalid.ts';
import { LOOK_UPS } from './lookups/all.ts';
import { type Asked, type LookUp, type LookUpContext, PlainAnswer } from './lookups/look-up.ts';
import { errorOfProblem, problemOf } from './problem.ts';

export class DirectClient implements LookUpClient {
  readonly #context: LookUpContext;

  constructor(context: LookUpContext) {
    this.#context = context;
  }

  async get<T>(path: string): Promise<T> {
    return JSON.parse(await this.getText(path)) as T;
  }

  async getText(path: string): Promise<string> {
    const answer = await this.#ask(path);
    // As it would go over the socket, so that nobody sees a difference.
    return answer instanceof PlainAnswer ? String(answer.content) : JSON.stringify(answer);
  }

  async getBytes(path: string): Promise<Buffer> {
    return Buffer.from(((await this.#ask(path)) as PlainAnswer).content);
  }

  async getLog(path: string): Promise<{ text: string; position: number }> {
    const { content, headers } = (await this.#ask(path)) as PlainAnswer;
    return { text: String(content), position: Number(headers['x-log-position']) };
  }

  async #ask(path: string): Promise<unknown> {
    const { pathname, searchParams } = new URL(path, 'http://localhost');
    for (const [pattern, load] of Object.entries(LOOK_UPS)) {
      const params = paramsOf(pattern, pathname);
      if (!params) continue;
      return await this.#answer(await load(), params, queryOf(searchParams));
    }
    throw new Error(`There is no look-up at ${path}.`);
  }

  async #answer(lookUp: LookUp, params: unknown, query: unknown): Promise<unknown> {
    try {
      return await lookUp.answer(this.#context, checked(lookUp, params, query));
    } catch (error) {
      throw errorOfProblem(problemOf(error));
    }
  }
}

/** @throws UsageError in the words of the routes */
function checked({ schema }: LookUp, params: unknown, query: unknown): Asked {
  const parse = (part: LookUp['schema']['querystring'], given: unknown) => {
    const result = part?.safeParse(given);
    if (!result) return given;
    if (result.success) return result.data;
    throw invalidRequest(result.error.issues.map(({ path, message }) => ({ at: path.join('.'), message })));
  };
  // Whoever has the data folder sees all of it.
  return { params: parse(schema.params, params), query: parse(schema.querystring, query), userId: null };
}

/** What stands in a path where the pattern has names; undefined when it is another path. */
function paramsOf(pattern: string, pathname: string): Record<string, string> | undefined {
  const names = pattern.split('/');
  const parts = pathname.split('/');
  if (names.length !== parts.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, name] of names.entries()) {
    const part = parts[index] as string;
    if (name.startsWith(':')) params[name.slice(1)] = decodeURIComponent(part);
    else if (name !== part) return undefined;
  }
  return params;
}

/** A name that is there several times has all its values. */
function queryOf(search: URLSearchParams): Record<string, string | string[]> {
  return Object.fromEntries(
    [...new Set(search.keys())].map((name) => {
      const [first = '', ...more] = search.getAll(name);
      return [name, more.length === 0 ? first : [first, ...more]];
    }),
  );
}
