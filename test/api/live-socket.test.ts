import { once } from 'node:events';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type ClientOptions, WebSocket } from 'ws';
import { HEARTBEAT_MS } from '../../src/api/live/heartbeat.ts';
import { MAX_WAITING_BYTES } from '../../src/api/sse.ts';
import { addKey } from '../../src/jobs/keys.ts';
import { submit } from '../store/support.ts';
import { type LiveService, liveService } from './live-service.ts';

interface Message {
  log?: number;
  events: { name: string; id?: number; data: { line?: string; jobId?: number; message?: string } }[];
}

/** A page's connection, and what it was told. */
class PageSocket {
  readonly socket: WebSocket;
  readonly messages: Message[] = [];
  readonly closed: Promise<[code: number, reason: string]>;
  #look = () => {};

  constructor({ port }: LiveService, options: ClientOptions = {}) {
    this.socket = new WebSocket(`ws://127.0.0.1:${port}/api/live?clientId=page`, options);
    this.socket.on('message', (data) => {
      this.messages.push(JSON.parse(String(data)) as Message);
      this.#look();
    });
    this.closed = once(this.socket, 'close').then(([code, reason]) => [code, String(reason)]);
    onTestFinished(() => this.socket.terminate());
  }

  say(wish: object): void {
    this.socket.send(JSON.stringify(wish));
  }

  linesOf(log: number): string[] {
    return this.messages
      .filter((one) => one.log === log)
      .flatMap(({ events }) => events.map(({ data }) => data.line ?? ''));
  }

  async until(found: (socket: this) => boolean): Promise<void> {
    while (!found(this)) {
      await new Promise<void>((resolve) => {
        this.#look = resolve;
      });
    }
  }

  has(name: string, log?: number): boolean {
    return this.messages.some((one) => one.log === log && one.events.some((event) => event.name === name));
  }
}

test('tells events and the logs that are asked for, and of one that is left no more', async () => {
  const service = await liveService();
  const { store, hub, dataDir, live } = service;
  const id = await submit(store);
  const path = join(dataDir, 'logs', `transcribe_job_${id}.log`);
  mkdirSync(join(dataDir, 'logs'));
  writeFileSync(path, 'one\ntwo\n');
  const page = new PageSocket(service);
  await page.until((socket) => socket.has('ready'));
  expect(live.presence.isOpen(JSON.stringify([null, 'page']))).toBe(true);
  page.say({ follow: id, from: 4, as: 7 });
  await page.until((socket) => socket.linesOf(7).includes('two'));
  expect(page.linesOf(7)).toEqual(['', 'two']);
  appendFileSync(path, 'three\n');
  hub.tell({ type: 'logged', jobId: id });
  await page.until((socket) => socket.linesOf(7).includes('three'));
  const other = await submit(store);
  await page.until(({ messages }) =>
    messages.some(({ events }) => events.some(({ name, data }) => name === 'submitted' && data.jobId === other)),
  );
  page.say({ leave: 7 });
  page.say({ follow: id, from: 0, as: 8 });
  await page.until((socket) => socket.linesOf(8).includes('three'));
  appendFileSync(path, 'four\n');
  hub.tell({ type: 'logged', jobId: id });
  await page.until((socket) => socket.linesOf(8).includes('four'));
  expect(page.linesOf(7)).not.toContain('four');
  page.socket.close();
  await page.closed;
});

test("tells nothing of others' logs, and ends with who says what is no wish", async () => {
  const service = await liveService({ userId: 'ann' });
  const his = await submit(service.store, { userId: 'ben' });
  const page = new PageSocket(service);
  await page.until((socket) => socket.has('ready'));
  page.say({ follow: his, from: 0, as: 1 });
  await page.until((socket) => socket.has('problem', 1));
  expect(page.has('following', 1)).toBe(false);
  page.say({ delete: his });
  expect(await page.closed).toEqual([1008, 'This is no wish that is known here']);
});

test('tells of so many logs at once, and says so when another one is asked for', async () => {
  const service = await liveService();
  const id = await submit(service.store);
  const page = new PageSocket(service);
  await page.until((socket) => socket.has('ready'));
  for (let log = 1; log <= 9; log += 1) page.say({ follow: id, from: 0, as: log });
  await page.until((socket) => socket.has('problem', 9));
  const [refusal] = page.messages.filter(({ log }) => log === 9).flatMap(({ events }) => events);
  expect(refusal?.data.message).toMatch(/^One connection tells at most 8 logs\. Leave one/);
  page.say({ leave: 1 });
  page.say({ follow: id, from: 0, as: 10 });
  await page.until((socket) => socket.has('following', 10));
});

test.each([
  ['text that is no wish', (socket: WebSocket) => socket.send('{'), [1008, 'This is no wish that is known here']],
  ['bytes', (socket: WebSocket) => socket.send(Buffer.of(0, 255, 254)), [1008, 'This is no wish that is known here']],
  ['a number that is none', (socket: WebSocket) => socket.send('{"leave":-1}'), [1008, expect.any(String)]],
  ['a message that is too long', (socket: WebSocket) => socket.send('1'.repeat(2_000)), [1009, '']],
  [
    'a frame that is none',
    (socket: WebSocket) => (socket as unknown as { _socket: Socket })._socket.write(Buffer.alloc(64, 0xff)),
    [1002, ''],
  ],
] as const)('%s ends that connection alone', async (_, say, end) => {
  const service = await liveService();
  const [bad, good] = [new PageSocket(service), new PageSocket(service)];
  for (const page of [bad, good]) await page.until((socket) => socket.has('ready'));
  say(bad.socket);
  expect(await bad.closed).toEqual(end);
  await submit(service.store);
  await good.until((socket) => socket.has('submitted'));
});

test('many wishes at once end it, and none of them is in the way of another page', async () => {
  const service = await liveService();
  const [greedy, page] = [new PageSocket(service), new PageSocket(service)];
  for (const one of [greedy, page]) await one.until((socket) => socket.has('ready'));
  const connection = (greedy.socket as unknown as { _socket: Socket })._socket;
  // They arrive as one piece.
  connection.cork();
  for (let n = 0; n < 200; n += 1) greedy.say({ follow: 99, from: 0, as: n });
  connection.uncork();
  expect(await greedy.closed).toEqual([1008, 'These are too many wishes at once']);
  page.say({ follow: 99, from: 0, as: 1 });
  await page.until((socket) => socket.has('problem', 1));
});

test.each([
  ['of another site', { headers: { origin: 'https://evil.example' } }, 403],
  ['under a name that is not ours', { headers: { host: 'evil.example' } }, 421],
] as const)('a page %s gets no connection', async (_, options, status) => {
  const service = await liveService();
  const socket = new WebSocket(`ws://127.0.0.1:${service.port}/api/live`, options);
  await expect(once(socket, 'open')).rejects.toThrow(`Unexpected server response: ${status}`);
  expect(service.live.sockets.size).toBe(0);
});

test('a page of ours gets one; with a key that reads, and without any where one is needed not', async () => {
  const service = await liveService();
  const origin = service.url;
  const before = new PageSocket(service, { headers: { origin } });
  await before.until((socket) => socket.has('ready'));
  const { key } = await addKey(service.store, { name: 'reads', scope: 'read', user: undefined });
  expect((await before.closed)[0]).toBe(4401);
  const reader = new PageSocket(service, { headers: { origin, authorization: `Bearer ${key}` } });
  await reader.until((socket) => socket.has('ready'));
  const nobody = new WebSocket(`ws://127.0.0.1:${service.port}/api/live`, { headers: { origin } });
  await expect(once(nobody, 'open')).rejects.toThrow('Unexpected server response: 401');
});

test('a page that does not read is cut off, and the others have everything', async () => {
  const service = await liveService();
  const [reading, idle] = [new PageSocket(service), new PageSocket(service)];
  for (const page of [reading, idle]) await page.until((socket) => socket.has('ready'));
  idle.socket.pause();
  const { hub, live } = service;
  const message = 'x'.repeat(64 * 1024);
  let told = 0;
  for (; live.sockets.size === 2; told += 1) {
    hub.tell({ type: 'log', jobId: 1, level: 'INFO', message });
    await reading.until(({ messages }) => messages.flatMap(({ events }) => events).filter(isLog).length === told + 1);
    // The system's own buffers take a few megabytes before anything waits here.
    expect(told * message.length).toBeLessThan(100 * MAX_WAITING_BYTES);
  }
  expect(live.sockets.size).toBe(1);
  idle.socket.resume();
  expect((await idle.closed)[0]).toBe(1006);
});

test('who gives no sign of life is cut off and no page any more, who answers is not', async () => {
  const service = await liveService();
  const { port, clock, live } = service;
  const page = new PageSocket(service);
  await page.until((socket) => socket.has('ready'));
  // It asks for the upgrade and answers nothing from then on.
  const dead = connect(port, '127.0.0.1');
  onTestFinished(() => void dead.destroy());
  dead.write(
    `GET /api/live?clientId=dead HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
  const gone = once(dead, 'close');
  await once(dead, 'data');
  expect(live.sockets.size).toBe(2);
  const pinged = once(page.socket, 'ping');
  await clock.advance(HEARTBEAT_MS);
  await pinged;
  // What answers it is behind the ping, and is told in its place.
  page.say({ follow: 99, from: 0, as: 1 });
  await page.until((socket) => socket.has('problem', 1));
  await clock.advance(HEARTBEAT_MS);
  await gone;
  expect([live.sockets.size, page.socket.readyState]).toEqual([1, WebSocket.OPEN]);
});

test('ends when the service ends', async () => {
  const service = await liveService();
  const page = new PageSocket(service);
  await page.until((socket) => socket.has('ready'));
  await service.close();
  expect(await page.closed).toEqual([1001, 'The service ends']);
  expect(service.live.sockets.size).toBe(0);
});

function isLog({ name }: { name: string }): boolean {
  return name === 'log';
}
