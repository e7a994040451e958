/**
 * Every route of the service, as its own document names them, with what nobody should send: wrong types, huge numbers, any
 * text, tricks with paths, broken JSON. Nothing may bring the service down, and every refusal must be a problem.
 */
import { request as httpRequest } from 'node:http';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { speak } from '../support/speech.ts';
import { type Service, startService } from './service.ts';

const TRIES = 15;
/** A route that streams: its answer is not read to an end that never comes. */
const STREAMS = /\/events$|\/log$/;
const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

interface Operation {
  method: string;
  path: string;
  statuses: string[];
}

let service: Service;
let operations: Operation[];
/** A lucky guess may make a key, from which on nobody comes in without one. */
let authorization: string;
beforeAll(async () => {
  service = await startService();
  operations = await operationsOf(service.address);
  const { key } = await service.api.post<{ key: string }>('/api/keys', { name: 'guesser', scope: 'admin' });
  authorization = `Bearer ${key}`;
  await fill(service);
});
afterAll(() => service.stop());

/** Something for lucky guesses to find. */
async function fill({ api }: Service): Promise<void> {
  await api.post('/api/queue/pause', {});
  const rest = { model: 'auto', language: 'en', processes: 1, workers: 1, preprocessWorkers: 1, overlapSeconds: 0 };
  for (const text of ['good morning', 'good night']) {
    await api.post('/api/jobs', { path: await speak(text), engine: 'pocketsphinx', ...rest });
  }
}

async function operationsOf(address: string): Promise<Operation[]> {
  const { paths } = (await (await fetch(`${address}/api/openapi.json`)).json()) as {
    paths: Record<string, Record<string, { responses: object }>>;
  };
  return Object.entries(paths).flatMap(([path, methods]) =>
    METHODS.flatMap((method) =>
      methods[method] ? [{ method: method.toUpperCase(), path, statuses: Object.keys(methods[method].responses) }] : [],
    ),
  );
}

const NASTY = [
  '', '0', '-1', '1', '2', '1.5', '1e999', 'NaN', 'null', 'undefined', 'true', '[]', '{}', '__proto__', 'constructor',
  '../../etc/passwd', '..%2f..%2fetc%2fpasswd', '/etc/passwd', '.', '..', "'; drop table transcription_jobs; --", '%', '%00',
  '\0', 'a'.repeat(5000), '9007199254740993', '999999999999999999999999', '<script>', '\u202e', '😀', '\ud800',
  'failed,cancelled', '2026-13-45T99:99:99Z', '+275760-09-14T00:00:00Z',
]; // biome-ignore format: a table
const string = fc.oneof(fc.constantFrom(...NASTY), fc.string({ unit: 'binary', maxLength: 40 }));
const value = fc.oneof(
  string,
  fc.constantFrom(null, true, false, -0, 1, 2, -1, 1.5, 2 ** 53, -(2 ** 63), 1e308),
  fc.array(string, { maxLength: 4 }),
  fc.constant(Array.from({ length: 2000 }, (_, index) => index)),
);
/** Names that routes know, so that values get past the first look. */
const NAMES = [
  'id', 'path', 'engine', 'model', 'language', 'processes', 'action', 'ids', 'filter', 'status', 'q', 'from', 'to', 'sort',
  'limit', 'cursor', 'lines', 'follow', 'format', 'name', 'files', 'jobId', 'why', 'before', 'stage', 'days', 'since', 'job',
  'reason', 'running', 'download', 'after', 'priority', 'minSeconds', '__proto__',
]; // biome-ignore format: a table
const fields = fc.dictionary(fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...NAMES) }, string), value, {
  maxKeys: 6,
});
const body = fc.oneof(
  fields.map((object) => JSON.stringify(object)),
  fc.jsonValue().map((json) => JSON.stringify(json)),
  fc.string(),
  fc.constantFrom(
    '',
    '{',
    '{"a":',
    '[[[[',
    '{"ids":[1],"action":"cancel"',
    `"${'x'.repeat(2_000_000)}"`,
    '{"action":"resume","filter":{}}',
  ),
);
const type = fc.constantFrom(
  'application/json',
  'application/json; charset=utf-16',
  'text/plain',
  'multipart/form-data',
  '',
);

interface Answer {
  status: number;
  type: string;
  text: string;
}

/** As it is: `fetch` would tidy the path up. */
function send(
  address: string,
  {
    method,
    path,
    headers,
    payload,
  }: { method: string; path: string; headers: Record<string, string>; payload?: string },
): Promise<Answer> {
  const { hostname, port } = new URL(address);
  return new Promise((resolve, reject) => {
    const length = payload === undefined ? {} : { 'content-length': Buffer.byteLength(payload) };
    const options = { hostname, port, method, path, headers: { authorization, ...headers, ...length }, agent: false };
    const request = httpRequest(options, (response) => {
      const answer = (text: string) =>
        resolve({ status: response.statusCode as number, type: String(response.headers['content-type'] ?? ''), text });
      if (STREAMS.test(path.split('?')[0] as string) && response.statusCode === 200) {
        answer('');
        return response.destroy();
      }
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (piece) => {
        text += piece;
      });
      response.on('end', () => answer(text));
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(payload);
  });
}

function fits(statuses: readonly string[], status: number): boolean {
  return statuses.includes(String(status)) || (status < 500 && statuses.includes(`${String(status)[0]}XX`));
}

function expectSound({ method, path, statuses }: Operation, { status, type: media, text }: Answer): void {
  const seen = `${method} ${path} answered ${status}: ${text.slice(0, 300)}`;
  expect(fits(statuses, status) || status === 404, seen).toBe(true);
  if (status < 400) return;
  // What no route of theirs has seen, such as a name that is too long, is refused as anywhere else.
  const isTheirs = path.startsWith('/v1/') && !media.includes('problem');
  if (isTheirs) expectOpenAiError(seen, text);
  else if (path.startsWith('/api/uploads') && media.startsWith('text/plain')) expect(text, seen).toMatch(/\S/);
  else expectProblem(seen, { status, type: media, text });
}

function expectProblem(seen: string, { status, type: media, text }: Answer): void {
  expect(media, seen).toContain('application/problem+json');
  const problem = JSON.parse(text);
  expect(problem, seen).toMatchObject({
    status,
    code: expect.any(String),
    detail: expect.stringMatching(/\S[.?!)]$/s),
  });
  expect(text, seen).not.toMatch(/node_modules|\bat .+:\d+:\d+|SqliteError|select .* from /);
}

function expectOpenAiError(seen: string, text: string): void {
  expect(JSON.parse(text), seen).toEqual({
    error: {
      message: expect.stringMatching(/\S[.?!)]$/s),
      type: expect.any(String),
      param: expect.toBeOneOf([null, expect.any(String)]),
      code: expect.any(String),
    },
  });
}

describe('whatever is sent', () => {
  test('every route answers as it says, or refuses in words', async () => {
    expect(operations.length).toBeGreaterThan(30);
    for (const operation of operations) {
      const { method, path } = operation;
      const input = fc.record({ parts: fc.array(string, { minLength: 3, maxLength: 3 }), query: fields, body, type });
      await fc.assert(
        fc.asyncProperty(input, async (given) => {
          let part = 0;
          const filled = path.replace(/\{[^}]+\}/g, () => encoded(given.parts[part++] as string));
          const query = Object.entries(given.query).map(([name, each]) => `${encoded(name)}=${encoded(String(each))}`);
          const answer = await send(service.address, {
            method,
            path: `${filled}?${query.join('&').slice(0, 6000)}`,
            headers: method === 'GET' || given.type === '' ? {} : { 'content-type': given.type },
            ...(method === 'GET' ? {} : { payload: given.body }),
          });
          expectSound(operation, answer);
        }),
        { numRuns: TRIES },
      );
    }
    // The work goes on.
    expect((await fetch(`${service.address}/livez`)).status).toBe(200);
    expect(await service.api.get('/api/jobs')).toHaveProperty('jobs');
  });

  test.each(['HEAD', 'OPTIONS'])('%s ends its answer on every route, streams too, and has no body', async (method) => {
    for (const path of new Set(operations.map((operation) => operation.path))) {
      const { status, text } = await send(service.address, {
        method,
        path: path.replace(/\{[^}]+\}/g, '1'),
        headers: {},
      });
      expect(status, `${method} ${path}`).toBeLessThan(500);
      if (method === 'HEAD') expect(text, `${method} ${path}`).toBe('');
    }
  });

  test.each([
    '/api/jobs/../../../etc/passwd',
    '/api/jobs/%2e%2e%2f%2e%2e%2fetc%2fpasswd/log',
    '/api/docs/static/../../package.json',
    '/api/docs/static/%2e%2e/package.json',
    '/%',
    '/api/jobs/%zz',
    '//etc/passwd',
    '/api/jobs/1\\..\\..',
    '/api/jobs/1%00',
  ])('the path %s leads nowhere', async (path) => {
    const { status, type: media, text } = await send(service.address, { method: 'GET', path, headers: {} });
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect(media).toContain('application/problem+json');
    expect(text).not.toContain('root:');
  });
});

/** Half a surrogate pair cannot be sent. */
function encoded(text: string): string {
  return encodeURIComponent(Buffer.from(text).toString());
}
