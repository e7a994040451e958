import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { noteRefusals } from '../../src/api/refusal-log.ts';
import { bareServer } from '../../src/api/server.ts';
import type { ServiceContext } from '../../src/api/service.ts';
import { UsageError } from '../../src/domain/errors.ts';
import { ownerUnderTest } from '../supervisor/owners.ts';

test('a service that cannot work says so to probes, is degraded, and still answers', async () => {
  // Whisper has no model here.
  const { owner, config } = await ownerUnderTest({ port: 0, engine: 'whisper' }, { listens: true });
  const readyz = await fetch(`${owner.address}/readyz`);
  expect(readyz.status).toBe(503);
  expect(readyz.headers.get('content-type')).toContain('application/problem+json');
  expect(await readyz.json()).toMatchObject({
    status: 503,
    code: 'no_engine',
    detail: expect.stringMatching(/^No recogniser can be used\. /),
    remedy: expect.stringMatching(/longhand/),
  });
  expect((await fetch(`${owner.address}/livez`)).status).toBe(200);
  const health = await fetch(`${owner.address}/api/health`);
  expect(health.status).toBe(200);
  expect(await health.json()).toMatchObject({
    status: 'degraded',
    obstacles: [{ code: 'no_engine' }],
    orphaned_count: 0,
    stuck_count: 0,
    active_count: 0,
  });
  await owner.close();
  // Probes are no news.
  expect(readFileSync(join(config.dataDir, 'logs', 'longhand.log'), 'utf8')).not.toMatch(/WARNING|ERROR/);
});

test('who is refused by a real service is told so, and its log has the route', async () => {
  const { owner, api, config } = await ownerUnderTest({ port: 0 }, { listens: true });
  await api.post('/api/keys', { name: 'one', scope: 'read' });
  const refused = await fetch(`${owner.address}/api/jobs`);
  expect(await refused.json()).toMatchObject({ status: 401, code: 'not_signed_in' });
  await owner.close();
  expect(readFileSync(join(config.dataDir, 'logs', 'longhand.log'), 'utf8')).toMatch(
    /WARNING.*GET \/api\/jobs was refused to 127\.0\.0\.1/,
  );
});

test('failures and refusals are noted by their route, without what was sent, once a minute', async () => {
  const notes: string[] = [];
  let now = 0;
  const service: Pick<ServiceContext, 'note'> = { note: (level, sentence) => notes.push(`${level} ${sentence}`) };
  const server = bareServer();
  noteRefusals(server, service, () => now);
  server.post('/api/session', () => {
    throw Object.assign(new UsageError('Wrong password.'), { statusCode: 401 });
  });
  server.get('/api/broken/:id', () => {
    throw new Error('It broke.');
  });
  server.get('/api/fine', () => ({ fine: true }));
  const signIn = () =>
    server.inject({ method: 'POST', url: '/api/session?token=secret', payload: { password: 'hunter2' } });
  for (let attempt = 0; attempt < 3; attempt += 1) await signIn();
  await server.inject('/api/broken/12?key=secret');
  await server.inject('/api/fine');
  await server.inject('/nowhere');
  expect(notes).toEqual([
    'WARNING POST /api/session was refused to 127.0.0.1',
    'WARNING GET /api/broken/:id failed (500): It broke.',
  ]);
  now += 60_000;
  await signIn();
  expect(notes.length).toBe(3);
  await server.close();
});
