/** WebSockets: what all of them have in common. */
import websocket from '@fastify/websocket';
import type { FastifyInstance } from 'fastify';
import type { WebSocket } from 'ws';
import { HEARTBEAT_MS } from './live/heartbeat.ts';
import type { Live } from './live/live.ts';

/** RFC 6455, 7.4.1. */
export const NORMAL = 1000;
const GOING_AWAY = 1001;
export const NOT_UNDERSTOOD = 1008;
export const INTERNAL_ERROR = 1011;
/** Codes from 4000 on are the application's own (7.4.2); these are read like the status of HTTP. */
export const NOT_FOUND = 4404;
export const NOT_SIGNED_IN = 4401;
/** A close frame has room for 125 bytes, two of which are the code (5.5). */
const MAX_REASON_BYTES = 123;
/** Clients have little to say here. */
const MAX_PAYLOAD_BYTES = 1024;

/** Lets a server have them; before any route of one. */
export async function registerSockets(server: FastifyInstance): Promise<void> {
  await server.register(websocket, {
    options: { maxPayload: MAX_PAYLOAD_BYTES },
    preClose(this: FastifyInstance, done) {
      endAll(this);
      done();
    },
  });
}

function endAll({ websocketServer }: FastifyInstance): void {
  for (const client of websocketServer.clients) {
    client.close(GOING_AWAY, 'The service ends');
    // Nobody waits for a client that does not answer.
    setImmediate(() => client.terminate());
  }
  websocketServer.close();
}

/** Counts it as long as it is open, asks for a sign of life, and cuts off who has given none since the last time. */
export function keepAlive(socket: WebSocket, { clock, sockets }: Live): AbortController {
  const closed = new AbortController();
  let isAlive = true;
  sockets.add(socket);
  socket.once('close', () => sockets.delete(socket));
  socket.on('pong', () => {
    isAlive = true;
  });
  const beat = async () => {
    for (;;) {
      await clock.sleep(HEARTBEAT_MS, closed.signal);
      if (!isAlive) return socket.terminate();
      isAlive = false;
      socket.ping();
    }
  };
  beat().catch(() => {
    if (!closed.signal.aborted) socket.terminate();
  });
  return closed;
}

/** Ends one with the reason. */
export function closeSocket(socket: WebSocket, code: number, reason: string): void {
  let text = reason;
  while (Buffer.byteLength(text) > MAX_REASON_BYTES) text = text.slice(0, -1);
  socket.close(code, text);
}
