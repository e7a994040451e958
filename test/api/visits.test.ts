/** Connections that were let in and stay open end when whoever opened them may not come in any more: real sockets. */
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { HEARTBEAT_MS } from '../../src/api/live/heartbeat.ts';
import { SESSION_MOST_MS } from '../../src/jobs/credentials.ts';
import { addKey, revokeKey } from '../../src/jobs/keys.ts';
import { removeUser, setPassword } from '../../src/jobs/users.ts';
import { transition } from '../../src/store/jobs.ts';
import type { Store } from '../../src/store/store.ts';
import { submit, type TestClock } from '../store/support.ts';
import { type Guarded, PASSWORD, user } from './doors-support.ts';
import { type LiveService, liveService } from './live-service.ts';

type Headers = Record<string, string>;

/** An answer that goes on, read as it comes. */
class Stream {
  text = '';
  readonly closed: Promise<unknown>;
  readonly #response: IncomingMessage;

  private constructor(response: IncomingMessage) {
    this.#response = response;
    response.setEncoding('utf8');
    response.on('error', () => undefined);
    response.on('data', (piece: string) => {
      this.text += piece;
    });
    this.closed = new Promise((resolve) => response.on('close', resolve));
    onTestFinished(() => void response.destroy());
  }

  static async open({ url }: LiveService, path: string, headers: Headers): Promise<Stream> {
    const request = get(`${url}${path}`, { headers, agent: false });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(200);
    return new Stream(response);
  }

  get isOpen(): boolean {
    return !this.#response.destroyed && !this.#response.readableEnded;
  }

  async until(part: string): Promise<void> {
    while (!this.text.includes(part)) await once(this.#response, 'data');
  }
}

const SENTENCE = 'Whoever opened this may not come in any more';

/** All kinds of them, of one job. */
async function openAll(service: LiveService, job: number, headers: Headers) {
  const paths = [
    '/api/events',
    `/api/jobs/${job}/events`,
    `/api/jobs/${job}/log/events`,
    `/api/jobs/${job}/log?follow=true`,
  ];
  const streams = await Promise.all(paths.map((path) => Stream.open(service, path, headers)));
  const sockets = [`/api/transcription/${job}/progress`, '/api/live'].map(
    (path) => new WebSocket(`ws://127.0.0.1:${service.port}${path}`, { headers }),
  );
  const closed = Promise.all(
    sockets.map((socket) => once(socket, 'close').then(([code, reason]) => [code, String(reason)])),
  );
  onTestFinished(() => {
    for (const socket of sockets) socket.terminate();
  });
  await Promise.all(sockets.map((socket) => once(socket, 'message')));
  const isOpen = () =>
    [...streams, ...sockets].map((one) => ('isOpen' in one ? one.isOpen : one.readyState === one.OPEN));
  return { streams, closed, isOpen };
}

async function expectCut({ streams, closed }: Awaited<ReturnType<typeof openAll>>): Promise<void> {
  for (const stream of streams) await stream.closed;
  expect(await closed).toEqual(Array(2).fill([4401, expect.stringContaining(SENTENCE)]));
  for (const { text } of streams.slice(0, 3)) expect(text).toMatch(new RegExp(`event: problem\\ndata: .*${SENTENCE}`));
}

const ALL_OPEN = Array<boolean>(6).fill(true);

async function keyed(store: Store, name: string, of?: string): Promise<Headers> {
  return { authorization: `Bearer ${(await addKey(store, { name, scope: 'write', user: of })).key}` };
}

async function signedIn({ url }: LiveService, name: string): Promise<Headers> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${url}/api/session`, {
    ...{ method: 'POST', headers },
    body: JSON.stringify({ name, password: PASSWORD }),
  });
  return { cookie: (response.headers.get('set-cookie') as string).split(';')[0] as string };
}

const withStore = (store: Store) => ({ store }) as Guarded;

/** Anna, who is the admin, and ben, whose job it is. */
async function twoUsers(service: LiveService) {
  const { store } = service;
  await user(withStore(store), 'anna');
  return await submit(store, { userId: await user(withStore(store), 'ben') });
}

describe('what stays open is cut', () => {
  test('when its key is revoked; what came with another one goes on', async () => {
    const service = await liveService();
    const { store } = service;
    const job = await submit(store);
    const [ours, theirs] = [await keyed(store, 'ours'), await keyed(store, 'theirs')];
    const [cut, others] = [await openAll(service, job, ours), await openAll(service, job, theirs)];
    await revokeKey(store, 'ours');
    await expectCut(cut);
    await transition(store, job, 'paused', { actor: 'user', reason: 'for a while', set: { paused_by: 'queue' } });
    await others.streams[0]?.until('"status":"paused"');
    expect(others.isOpen()).toEqual(ALL_OPEN);
    const again = await fetch(`${service.url}/api/events`, { headers: ours });
    expect(again.status).toBe(401);
  });

  test('when its user is removed, with the keys of that user', async () => {
    const service = await liveService();
    const job = await twoUsers(service);
    const [cut, alsoCut] = [
      await openAll(service, job, await signedIn(service, 'ben')),
      await openAll(service, job, await keyed(service.store, 'of-ben', 'ben')),
    ];
    const others = await openAll(service, job, await signedIn(service, 'anna'));
    await removeUser(service.store, 'ben');
    await expectCut(cut);
    await expectCut(alsoCut);
    expect(others.isOpen()).toEqual(ALL_OPEN);
  });

  test('when the browser signs out, that browser alone', async () => {
    const service = await liveService();
    const job = await twoUsers(service);
    const [here, there] = [await signedIn(service, 'ben'), await signedIn(service, 'ben')];
    const [cut, others] = [await openAll(service, job, here), await openAll(service, job, there)];
    await fetch(`${service.url}/api/session`, { method: 'DELETE', headers: here });
    await expectCut(cut);
    expect(others.isOpen()).toEqual(ALL_OPEN);
  });

  test.each(['an admin', 'oneself'])(
    'when the password is changed by %s; what came with a key goes on',
    async (who) => {
      const service = await liveService();
      const job = await twoUsers(service);
      const session = await signedIn(service, 'ben');
      const cut = await openAll(service, job, session);
      const others = await openAll(service, job, await keyed(service.store, 'of-ben', 'ben'));
      if (who === 'an admin') await setPassword(service.store, 'ben', 'another password');
      else {
        const response = await fetch(`${service.url}/api/session/password`, {
          ...{ method: 'POST', headers: { ...session, 'content-type': 'application/json' } },
          body: JSON.stringify({ old: PASSWORD, new: 'another password' }),
        });
        expect(response.status).toBe(200);
      }
      await expectCut(cut);
      expect(others.isOpen()).toEqual(ALL_OPEN);
    },
  );

  test('when the session is over by time', async () => {
    const service = await liveService();
    const job = await twoUsers(service);
    const cut = await openAll(service, job, await signedIn(service, 'ben'));
    (service.store.clock as TestClock).advance(SESSION_MOST_MS);
    expect(cut.isOpen()).toEqual(ALL_OPEN);
    await service.clock.advance(HEARTBEAT_MS);
    await expectCut(cut);
  });

  test('when somebody must say who it is from now on', async () => {
    const service = await liveService();
    const job = await submit(service.store);
    const cut = await openAll(service, job, {});
    await keyed(service.store, 'the-first');
    await expectCut(cut);
  });
});
