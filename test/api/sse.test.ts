import { once } from 'node:events';
import { get, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import Fastify from 'fastify';
import { expect, onTestFinished, test } from 'vitest';
import { COMMENT_INTERVAL_MS, type EventStream, eventStream, MAX_WAITING_BYTES } from '../../src/api/sse.ts';
import { HandClock } from '../support/hand-clock.ts';

interface Opened {
  stream: EventStream;
  raw: ServerResponse;
  client: IncomingMessage;
}

/** A stream to a client that reads nothing yet. */
async function opened(clock: HandClock): Promise<Opened> {
  const server = Fastify({ forceCloseConnections: true });
  const streams: Omit<Opened, 'client'>[] = [];
  server.get('/', (_, reply) => {
    reply.header('x-kept', 'yes');
    streams.push({ stream: eventStream(reply, clock), raw: reply.raw });
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
  const stuck = await opened(clock);
  const slow = await opened(clock);
  await fill(stuck);
  await fill(slow);
  await clock.advance(COMMENT_INTERVAL_MS);
  expect([stuck.stream.isOpen, slow.stream.isOpen]).toEqual([true, true]);
  slow.client.resume();
  await slow.stream.drained();
  await clock.advance(COMMENT_INTERVAL_MS);
  await clock.advance(COMMENT_INTERVAL_MS);
  expect([stuck.stream.isOpen, slow.stream.isOpen]).toEqual([false, true]);
  expect(slow.client.headers['x-kept']).toBe('yes');
});

test('nobody waits for a client that does not read, once the stream is ended', async () => {
  const here = await opened(new HandClock());
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
      const stream = eventStream(reply, new HandClock());
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
