/** A client of the owner's socket: what every command that is not the owner speaks through. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import { LonghandError, UsageError } from '../domain/errors.ts';
import type { JobStatus } from '../domain/job.ts';
import type { News } from '../supervisor/news.ts';
import { type Problem, reportOfProblem } from './problem.ts';

/** Nobody listens, or the owner ended in the middle: somebody else may be the owner soon. */
export class OwnerGoneError extends Error {
  override name = 'OwnerGoneError';
}

export interface ServerEvent {
  event: string;
  data: unknown;
}

/** What the streams of events say, as far as commands listen to it. */
export type Announcement =
  | Exclude<News, { type: 'logged' | 'state' }>
  /** A change of a job's state, in the store; without an id it is where the job stands as the stream begins. */
  | { type: 'state'; id?: number; jobId: number; status: JobStatus; pausedBy: string | null }
  /** All that belongs to the change is done: whoever hears it finds everything as it will stay. */
  | { type: 'settled'; jobId: number; status: JobStatus; pausedBy?: string | null };

export class ApiClient {
  readonly #socketPath: string;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  /** @throws OwnerGoneError; LonghandError or UsageError as the owner's problem says */
  async get<T>(path: string, signal?: AbortSignal): Promise<T> {
    return JSON.parse(await this.getText(path, signal)) as T;
  }

  /** As `get`, for what is not JSON. */
  async getText(path: string, signal?: AbortSignal): Promise<string> {
    return await wholeText(await this.#open('GET', path, undefined, signal), signal);
  }

  /** As `get`, for what is no text. */
  async getBytes(path: string, signal?: AbortSignal): Promise<Buffer> {
    const response = await this.#open('GET', path, undefined, signal);
    return await buffer(response).catch((error) => {
      throw goneUnless(signal, error);
    });
  }

  /**
   * A piece of a log and where it ends.
   * @throws as `get`
   */
  async getLog(path: string): Promise<{ text: string; position: number }> {
    const response = await this.#open('GET', path);
    return { text: await wholeText(response), position: Number(response.headers['x-log-position']) };
  }

  async post<T>(path: string, body: unknown = {}): Promise<T> {
    return JSON.parse(await wholeText(await this.#open('POST', path, body))) as T;
  }

  async delete<T>(path: string): Promise<T> {
    return JSON.parse(await wholeText(await this.#open('DELETE', path))) as T;
  }

  /**
   * Text as it comes, until it ends.
   * @throws OwnerGoneError when the connection broke
   */
  async *pieces(path: string, signal?: AbortSignal): AsyncGenerator<string> {
    const response = await this.#open('GET', path, undefined, signal);
    response.setEncoding('utf8');
    try {
      yield* response;
    } catch (error) {
      throw goneUnless(signal, error);
    } finally {
      response.destroy();
    }
  }

  /**
   * Server-sent events until the stream ends.
   * @throws OwnerGoneError when the connection broke
   */
  async *events(path: string, signal?: AbortSignal): AsyncGenerator<ServerEvent> {
    let event = 'message';
    let rest = '';
    for await (const piece of this.pieces(path, signal)) {
      const lines = (rest + piece).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (line.startsWith('event: ')) event = line.slice('event: '.length);
        if (line.startsWith('data: ')) yield { event, data: JSON.parse(line.slice('data: '.length)) };
      }
    }
  }

  #open(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const payload = body === undefined ? undefined : JSON.stringify(body);
      const headers = payload === undefined ? {} : { 'content-type': 'application/json' };
      // A connection of our own spares the agent's check of a host name that there is not, which takes 5 ms the first time.
      const options = {
        createConnection: () => connect(this.#socketPath),
        method,
        path,
        headers,
        ...(signal ? { signal } : {}),
      };
      const request = httpRequest(options, (response) => {
        if ((response.statusCode ?? 500) < 400) return resolve(response);
        wholeText(response).then((problem) => reject(errorOf(response.statusCode, problem)), reject);
      });
      request.on('error', (error) => {
        const gone = ['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE'].includes(
          (error as { code?: string }).code ?? '',
        );
        if (signal?.aborted) return reject(signal.reason);
        reject(gone ? new OwnerGoneError('The owner is gone.', { cause: error }) : error);
      });
      request.end(payload);
    });
  }
}

/** @throws OwnerGoneError when the connection broke before the end */
function wholeText(response: IncomingMessage, signal?: AbortSignal): Promise<string> {
  return text(response).catch((error) => {
    throw goneUnless(signal, error);
  });
}

/** A connection that breaks means that the owner ended, unless we broke it. */
function goneUnless(ours: AbortSignal | undefined, error: unknown): unknown {
  if (ours?.aborted) return ours.reason;
  return new OwnerGoneError('The owner ended while it answered.', { cause: error });
}

function errorOf(status: number | undefined, body: string): Error {
  let problem: Problem;
  try {
    problem = JSON.parse(body) as Problem;
  } catch {
    // Not one of ours: told as it came.
    return new LonghandError({ kind: 'unknown', message: `The owner answered ${status}: ${body}` });
  }
  if (problem.code === 'owner_leaving') return new OwnerGoneError(problem.detail);
  const report = reportOfProblem(problem);
  return report.kind === 'usage' ? new UsageError(report.message, report.remedy) : new LonghandError(report);
}
