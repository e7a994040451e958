import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LOCAL_OWNER } from '../../src/api/caller.ts';
import { showAlive } from '../../src/api/schemas/service.ts';
import { bareServer } from '../../src/api/server.ts';
import { takeFaults } from '../support/checked-answers.ts';
import { type Service, startService } from './service.ts';

interface Operation {
  operationId?: string;
  summary?: string;
  tags?: string[];
  requestBody?: { content: Record<string, { schema: { properties?: object } }> };
  responses: Record<string, { description: string; content?: Record<string, { schema: object }> }>;
}

let service: Service;
let document: { openapi: string; paths: Record<string, Record<string, Operation>>; tags: { name: string }[] };
beforeAll(async () => {
  service = await startService();
  document = (await (await fetch(`${service.address}/api/openapi.json`)).json()) as typeof document;
});
afterAll(() => service.stop());

function operations(): [name: string, operation: Operation][] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, Operation] => [
      `${method.toUpperCase()} ${path}`,
      operation,
    ]),
  );
}

test('the document is valid OpenAPI 3.1', async () => {
  const { valid, errors } = await new Validator().validate(document);
  expect(errors).toBeUndefined();
  expect(valid).toBe(true);
  expect(document.openapi).toBe('3.1.0');
});

test('every route says what it answers, what it is for and what it is called', () => {
  const names = document.tags.map(({ name }) => name);
  const lacking = operations().filter(([, { operationId, summary, tags, responses }]) => {
    const good = Object.entries(responses).filter(([status]) => /^[123]/.test(status));
    const isDescribed =
      good.length > 0 &&
      good.every(([, { description, content }]) =>
        // Without content it has no body, and its words say so.
        content === undefined
          ? description !== 'Default Response'
          : Object.values(content).some(({ schema }) => Object.keys(schema).length > 0),
      );
    const isNamed = operationId && summary && tags?.every((tag) => names.includes(tag));
    return !isNamed || !isDescribed;
  });
  expect(lacking.map(([name]) => name)).toEqual([]);
});

test('no two routes are called the same', () => {
  const ids = operations().map(([, { operationId }]) => operationId);
  expect(new Set(ids).size).toBe(ids.length);
});

test('recordings are handed in as forms, as JSON and in parts', () => {
  const taken = (path: string, method: string) =>
    Object.entries(document.paths[path]?.[method]?.requestBody?.content ?? {}).map(([type, { schema }]) => [
      type,
      ...Object.keys(schema.properties ?? {})
        .filter((name) => ['file', 'upload', 'model'].includes(name))
        .sort(),
    ]);
  expect(taken('/api/jobs', 'post')).toEqual([
    ['application/json', 'model', 'upload'],
    ['multipart/form-data', 'file', 'model'],
  ]);
  expect(taken('/v1/audio/transcriptions', 'post')).toEqual([['multipart/form-data', 'file', 'model']]);
  expect(taken('/api/uploads/{id}', 'patch')).toEqual([['application/offset+octet-stream']]);
});

/** What protocols of others ask for. */
function errorsOf(name: string): string[] {
  if (name.includes(' /v1/')) return ['application/json'];
  return [...(name.includes(' /api/uploads') ? ['text/plain'] : []), 'application/problem+json'];
}

test('errors are problems, except where a protocol has its own', () => {
  for (const [name, { responses }] of operations()) {
    const errors = Object.entries(responses).filter(([status]) => /^[45]/.test(status));
    expect(
      errors.map(([, { content }]) => Object.keys(content ?? {})),
      name,
    ).toEqual(errors.map(() => errorsOf(name)));
  }
});

test('the pages that show it come from here alone', async () => {
  const page = await fetch(`${service.address}/api/docs/`);
  expect(page.headers.get('content-security-policy')).toMatch(/default-src 'self'/);
  expect(page.headers.get('content-security-policy')).not.toMatch(/unsafe|https?:/);
  const html = await page.text();
  const named = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(
    ([, address]) => new URL(address as string, page.url),
  );
  expect(named.length).toBeGreaterThan(3);
  for (const address of named) {
    expect(address.origin).toBe(service.address);
    expect((await fetch(address)).status, address.href).toBe(200);
  }
  expect(html).not.toMatch(/<script(?![^>]*src=)/);
});

test('an answer that is not as described is found', async () => {
  const server = bareServer();
  server.addHook('onRequest', async (request) => {
    request.caller = LOCAL_OWNER;
  });
  server.get('/wrong', { schema: showAlive }, async () => ({ status: 'alive', more: 1 }));
  server.get('/undescribed', async () => ({}));
  await server.inject('/wrong');
  await server.inject('/undescribed');
  await server.close();
  expect(takeFaults()).toEqual([
    expect.stringMatching(/^GET \/wrong 200: .*more/),
    'GET /undescribed 200: no schema describes this answer.',
  ]);
});
