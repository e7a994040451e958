/** The head of an answer, as a real client gets it: whoever writes it, it says what browsers must be told. */

import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { submit, working } from '../store/support.ts';
import { type Guarded, guarded, keyed } from './doors-support.ts';

/** The heads of an answer: lines as they are, in lower case. */
async function headOf({ server }: Guarded, request: string): Promise<string[]> {
  await server.listen({ host: '127.0.0.1', port: 0 });
  const { port } = server.server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1');
  socket.write(request.replaceAll('\n', '\r\n').replace('HOST', `127.0.0.1:${port}`));
  let answer = '';
  for await (const piece of socket) {
    answer += piece;
    if (answer.includes('\r\n\r\n')) break;
  }
  return (answer.split('\r\n\r\n')[0] ?? '').toLowerCase().split('\r\n');
}

const count = (lines: string[], name: string) => lines.filter((line) => line.startsWith(`${name}:`)).length;

describe('what browsers are told stands once in the head of', () => {
  test.each([
    ['an answer', 'GET /api/jobs/1 HTTP/1.1\nhost: HOST\nconnection: close\n\n', '200'],
    ['a refusal', 'GET /api/nothing HTTP/1.1\nhost: HOST\nconnection: close\n\n', '404'],
    ['a refusal of the doors', 'GET /api/jobs HTTP/1.1\nhost: evil.example\nconnection: close\n\n', '421'],
    ['a page', 'GET /api/docs/static/swagger-initializer.js HTTP/1.1\nhost: HOST\nconnection: close\n\n', '200'],
    ['an upload', 'OPTIONS /api/uploads HTTP/1.1\nhost: HOST\nconnection: close\n\n', '204'],
    ['a stream', 'GET /api/jobs/1/log?follow=true HTTP/1.1\nhost: HOST\nconnection: close\n\n', '200'],
  ])('%s', async (_, request, status) => {
    const here = await guarded();
    await submit(here.store);
    const lines = await headOf(here, request);
    expect(lines[0]).toMatch(new RegExp(`^http/1.1 ${status} `));
    const told = ['content-security-policy', 'x-content-type-options', 'x-frame-options', 'referrer-policy'];
    const more = ['cross-origin-opener-policy', 'cross-origin-resource-policy', 'permissions-policy', 'cache-control'];
    for (const name of [...told, ...more]) expect(count(lines, name), name).toBe(1);
  });
});

test('a new job state is in the next answer, however often it was asked for before', async () => {
  const here = await guarded();
  const { server, store } = here;
  const {
    job: { id },
  } = await working(store);
  const ask = async () => (await server.inject(`/api/jobs/${id}`)).json();
  const first = await ask();
  expect(first).toMatchObject({ id, status: 'processing', error: null });
  expect(await ask()).toEqual(first);
  const paused = { status: 'paused', progress: 60 } as const;
  await store.db.updateTable('transcription_jobs').set(paused).where('id', '=', id).execute();
  expect(await ask()).toEqual({ ...first, ...paused });
});

test('the answer is for whoever may see the job, also after others have asked for it', async () => {
  const here = await guarded();
  const { server, store } = here;
  const {
    job: { id },
  } = await working(store);
  const admin = await keyed(here, 'admin', 'admin');
  const url = `/api/jobs/${id}`;
  expect((await server.inject({ url, headers: admin })).statusCode).toBe(200);
  expect((await server.inject(url)).statusCode).toBe(401);
});
