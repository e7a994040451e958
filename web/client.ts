/** How the page asks the API. */
import type { Problem } from './api-types.ts';

/** The API said no: with the sentence and the remedy that the command line shows. */
export class ProblemError extends Error {
  readonly status: number;
  /** Stable, such as job_not_found. */
  readonly code: string;
  readonly remedy: string | undefined;

  constructor({ status, code, detail, remedy }: Pick<Problem, 'status' | 'code' | 'detail' | 'remedy'>) {
    super(detail);
    this.status = status;
    this.code = code;
    this.remedy = remedy;
  }
}

/** Nobody answered: the service is being restarted, or the network is gone. */
export class UnreachableError extends Error {}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** @throws ProblemError, UnreachableError */
export async function send(method: Method, path: string, body?: unknown, signal?: AbortSignal): Promise<Response> {
  const response = await fetch(path, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    ...(signal ? { signal } : {}),
  }).catch((error: unknown) => {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new UnreachableError('Longhand does not answer.');
  });
  if (!response.ok) throw await problemOf(response);
  return response;
}

/** Asks and reads the answer as JSON. @throws as `send` */
export async function ask<Answer>(method: Method, path: string, body?: unknown, signal?: AbortSignal): Promise<Answer> {
  return (await (await send(method, path, body, signal)).json()) as Answer;
}

/** @throws as `send` */
export function get<Answer>(path: string, signal?: AbortSignal): Promise<Answer> {
  return ask('GET', path, undefined, signal);
}

async function problemOf(response: Response): Promise<Error> {
  const type = response.headers.get('content-type') ?? '';
  if (type.includes('json')) return new ProblemError((await response.json()) as Problem);
  // A proxy in between, while the service behind it is away.
  if (response.status >= 502) return new UnreachableError('Longhand does not answer.');
  const detail = (await response.text()) || response.statusText;
  return new ProblemError({ status: response.status, code: String(response.status), detail });
}

/** `/api/jobs?status=pending&limit=20`; what is undefined or empty is left out. */
export function withQuery(path: string, query: Record<string, string | number | boolean | undefined>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') search.set(name, String(value));
  }
  const text = search.toString();
  return text === '' ? path : `${path}?${text}`;
}
