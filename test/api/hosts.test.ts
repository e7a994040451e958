import { once } from 'node:events';
import { request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import Fastify from 'fastify';
import { describe, expect, onTestFinished, test } from 'vitest';
import { requireLockedUnlessLocal } from '../../src/api/doors/bind.ts';
import { limitBodyTime } from '../../src/api/doors/body-deadline.ts';
import { isLoopbackAddress } from '../../src/api/doors/loopback.ts';
import { guarded, keyed } from './doors-support.ts';

describe('the host that a request names', () => {
  const OURS = ['localhost', '127.0.0.1', '127.9.9.9', '[::1]', 'LOCALHOST.', 'transcribe.example.org', 'box:8443'];
  const OTHERS = ['evil.example', 'localhost.evil.example', 'box', 'box:80', '10.0.0.1', 'a@localhost', 'localhost/'];

  test.each([...OURS.map((host) => [host, 200] as const), ...OTHERS.map((host) => [host, 421] as const)])(
    '%s: %i',
    async (host, status) => {
      const here = await guarded({ allowedHosts: ['transcribe.example.org', 'box:8443'] });
      const headers = { ...(await keyed(here, 'one', 'read')), host };
      const response = await here.server.inject({ url: '/api/jobs', headers });
      expect(response.statusCode).toBe(status);
      if (status === 421)
        expect(response.json()).toMatchObject({ code: 'host_refused', remedy: /LONGHAND_ALLOWED_HOSTS/ });
    },
  );

  test('has our port, or is the address that was connected to', async () => {
    const here = await guarded();
    await here.server.listen({ host: '127.0.0.2', port: 0 });
    const { port } = here.server.server.address() as AddressInfo;
    const statusFor = (host: string) =>
      new Promise((resolve, reject) => {
        const asked = request({ host: '127.0.0.2', port, path: '/livez', headers: { host } }, (response) => {
          response.resume();
          resolve(response.statusCode);
        });
        asked.on('error', reject).end();
      });
    expect(await statusFor(`127.0.0.2:${port}`)).toBe(200);
    expect(await statusFor(`localhost:${port}`)).toBe(200);
    expect(await statusFor(`localhost:${port === 65_535 ? 1 : port + 1}`)).toBe(421);
    expect(await statusFor('localhost')).toBe(421);
    expect(await statusFor(`rebound.example:${port}`)).toBe(421);
  });
});

describe('a page of another site', () => {
  test.each<[string, Record<string, string>, number]>([
    ['a program', {}, 200],
    ['a page of ours', { origin: 'http://localhost:80', 'sec-fetch-site': 'same-origin' }, 200],
    ['a page of ours behind a proxy', { origin: 'https://transcribe.example.org' }, 200],
    ['a form of a page of ours', { origin: 'null', 'sec-fetch-site': 'same-origin' }, 200],
    ['another site', { origin: 'https://evil.example' }, 403],
    ['another service on this machine', { origin: 'http://localhost:3000', 'sec-fetch-site': 'same-site' }, 403],
    ['a page from a file, or in a sandbox', { origin: 'null' }, 403],
    ['another site that hides its name', { 'sec-fetch-site': 'cross-site' }, 403],
    ['what is no origin', { origin: 'localhost' }, 403],
  ])('%s', async (_, headers, status) => {
    const here = await guarded({ allowedHosts: ['transcribe.example.org'] });
    const cleaned = await here.server.inject({ method: 'POST', url: '/api/cleanup', headers });
    expect(cleaned.statusCode).toBe(status);
    if (status === 403) expect(cleaned.json()).toMatchObject({ code: 'origin_refused' });
    expect((await here.server.inject({ url: '/api/jobs', headers })).statusCode).toBe(200);
    const upgrade = { ...headers, connection: 'upgrade', upgrade: 'websocket' };
    expect((await here.server.inject({ url: '/api/jobs', headers: upgrade })).statusCode).toBe(status);
  });

  test('cannot embed or read what is here', async () => {
    const { headers } = await (await guarded()).server.inject('/api/nothing');
    expect(headers).toMatchObject({
      'content-security-policy': /default-src 'self'.*frame-ancestors 'none'.*base-uri 'none'.*form-action 'self'/,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    });
    expect(headers).not.toHaveProperty('access-control-allow-origin');
    expect(headers).not.toHaveProperty('x-powered-by');
  });
});

describe('listening', () => {
  test.each(['0.0.0.0', '::', '0', '192.0.2.1', '::ffff:192.0.2.1'])('on %s needs a user or a key', async (host) => {
    const here = await guarded();
    await expect(requireLockedUnlessLocal(here.store, host)).rejects.toThrow(/can be reached from other machines/);
    await keyed(here, 'one', 'read');
    await requireLockedUnlessLocal(here.store, host);
  });

  test.each(['127.0.0.1', '::1', 'localhost', '127.1', '::ffff:127.0.0.1'])('on %s needs none', async (host) => {
    await requireLockedUnlessLocal((await guarded()).store, host);
  });

  test('names are no addresses', () => {
    expect(['localhost', '127.0.0.1.evil.example', '', '127.0.0.1:80'].filter(isLoopbackAddress)).toEqual([]);
  });
});

test('a body that does not end is not waited for', async () => {
  const server = Fastify();
  limitBodyTime(server, 50);
  server.post('/', () => 'done');
  await server.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(() => server.close());
  const socket = connect((server.server.address() as AddressInfo).port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write(
    'POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{"a":',
  );
  const answer = await text(socket);
  expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  expect(answer).toMatch(/body_too_slow/);
});

test('a body that is too large is refused', async () => {
  const { server } = await guarded();
  const body = { reason: 'x'.repeat(1024 * 1024) };
  expect((await server.inject({ method: 'POST', url: '/api/queue/pause', body })).statusCode).toBe(413);
});
