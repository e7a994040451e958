import { once } from 'node:events';
import { get, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import Fastify from 'fastify';
import { expect, onTestFinished, test } from 'vitest';
import { HEARTBEAT_MS, Heartbeat } from '../../src/api/live/heartbeat.ts';
import { unacknowledgedBytes } from '../../src/api/live/unacknowledged.ts';
import { type EventStream, eventStream, MAX_WAITING_BYTES } from '../../src/api/sse.ts';
import { HandClock } from '../support/hand-clock.ts';

interface Opened {
  stream: EventStream;
  raw: ServerResponse;
  client: IncomingMessage;
}

/** A stream to a client that reads nothing yet. */
async function opened(heartbeat: Heartbeat): Promise<Opened> {
  const server = Fastify({ forceCloseConnections: true });
  const streams: Omit<Opened, 'client'>[] = [];
  server.get('/', (_, reply) => {
    reply.header('x-kept', 'yes');
    streams.push({ stream: eventStream(reply, heartbeat), raw: reply.raw });
  });
  await server.listen({ port: 0 });
  onTestFinished(() => server.close());
  const { port } = server.server.address() as AddressInfo;
  const client = await new Promise<IncomingMessage>((resolve) => get(`http://127.0.0.1:${port}/`, resolve));
  client.on('error', () => undefined);
  return { ...(streams[0] as Omit<Opened, 'client'>), client };
}

/** Sends until something waits because nobody takes it, far less than what is cut off for. */
async function fill({ stream, raw }: Opened): Promise<void> {
  const frame = Buffer.alloc(32 * 1024, '\n');
  for (let turns = 0; turns < 20; turns += 1) {
    if (raw.writableLength === 0) {
      stream.write(frame);
      turns = 0;
    }
    await turn();
  }
  expect(raw.writableLength).toBeLessThan(MAX_WAITING_BYTES / 2);
}

test('what waits without moving for two comments is given up, what moves is not', async () => {
  const clock = new HandClock();
  const heartbeat = new Heartbeat(clock);
  const stuck = await opened(heartbeat);
  const slow = await opened(heartbeat);
  await fill(stuck);
  await fill(slow);
  await clock.advance(HEARTBEAT_MS);
  expect([stuck.stream.isOpen, slow.stream.isOpen]).toEqual([true, true]);
  slow.client.resume();
  await slow.stream.drained();
  // The hand moves the clock on in no time: what the system still holds would not have moved between two beats either.
  await until(() => unacknowledgedBytes()(slow.raw.socket as Socket) === 0);
  await clock.advance(HEARTBEAT_MS);
  await clock.advance(HEARTBEAT_MS);
  expect([stuck.stream.isOpen, slow.stream.isOpen]).toEqual([false, true]);
  expect(slow.client.headers['x-kept']).toBe('yes');
});

test('nobody waits for a client that does not read, once the stream is ended', async () => {
  const here = await opened(new Heartbeat(new HandClock()));
  await fill(here);
  const drained = here.stream.drained();
  here.stream.end();
  await drained;
  expect(here.stream.isOpen).toBe(false);
});

test('a client that went while the route looked something up is gone', async () => {
  const server = Fastify({ forceCloseConnections: true });
  onTestFinished(() => server.close());
  let left = () => {};
  const gone = new Promise<boolean>((resolve) => {
    server.get('/', async (request, reply) => {
      left();
      await once(request.raw.socket, 'close');
      const stream = eventStream(reply, new Heartbeat(new HandClock()));
      stream.onClose(() => resolve(stream.isOpen));
      return reply;
    });
  });
  await server.listen({ port: 0 });
  const { port } = server.server.address() as AddressInfo;
  const asking = get(`http://127.0.0.1:${port}/`).on('error', () => undefined);
  await new Promise<void>((resolve) => {
    left = resolve;
  });
  asking.destroy();
  expect(await gone).toBe(false);
});

test.runIf(process.platform === 'linux')(
  'a client that is dead is given up, though the system takes all for it',
  async () => {
    const clock = new HandClock();
    const here = await opened(new Heartbeat(clock));
    const { stream, raw } = here;
    const socket = raw.socket as Socket;
    const unconfirmed = () => unacknowledgedBytes()(socket);
    // It takes nothing; what the two systems have room for goes, and so nothing waits in this process.
    const frame = Buffer.alloc(16 * 1024, '\n');
    for (let turns = 0, before = 0; turns < 50; turns += 1) {
      const now = unconfirmed();
      if (now !== before || now === 0) turns = 0;
      if (now === 0) stream.write(frame);
      before = now;
      await turn();
    }
    expect(raw.writableLength).toBe(0);
    await clock.advance(HEARTBEAT_MS);
    expect([stream.isOpen, raw.writableLength]).toEqual([true, 0]);
    await clock.advance(HEARTBEAT_MS);
    expect(stream.isOpen).toBe(false);
  },
);

test('a client that reads, and is told nothing but comments, stays', async () => {
  const clock = new HandClock();
  const { stream, raw, client } = await opened(new Heartbeat(clock));
  let comments = 0;
  client.on('data', (bytes: Buffer) => {
    comments += bytes.toString().split(':\n').length - 1;
  });
  for (let beats = 1; beats <= 4; beats += 1) {
    await clock.advance(HEARTBEAT_MS);
    await until(() => comments >= beats && unacknowledgedBytes()(raw.socket as Socket) === 0);
  }
  expect(stream.isOpen).toBe(true);
});

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await turn();
}
