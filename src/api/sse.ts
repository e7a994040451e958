import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';
import { type Beat, HEARTBEAT_MS, type Heartbeat } from './live/heartbeat.ts';

/** A client that does not read is cut off when this much waits for it. */
export const MAX_WAITING_BYTES = 1024 * 1024;
/** A connection on which nothing waits is asked for a sign of life after so long. */
const KEEP_ALIVE_MS = HEARTBEAT_MS;
/** A browser waits so long before it connects again. */
const RETRY_MS = 2_000;

/** A stream of server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html). */
export interface EventStream {
  readonly isOpen: boolean;
  send(event: string, data: unknown): void;
  /** Sends events that are put into words already. */
  write(frames: Buffer): void;
  /** Resolves when nothing waits to be sent, or nobody is there to get it. */
  drained(): Promise<void>;
  end(): void;
  onClose(listener: () => void): void;
}

/** Takes a reply over as an event stream. A client that does not keep up is cut off, by bytes and by time; so is one that is dead. */
export function eventStream(reply: FastifyReply, heartbeat: Heartbeat): EventStream {
  reply.hijack();
  const { raw } = reply;
  const { socket } = raw;
  raw.writeHead(200, {
    ...(reply.getHeaders() as OutgoingHttpHeaders),
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    // A proxy that collects an answer before it passes it on would make nothing of it live.
    'x-accel-buffering': 'no',
  });
  // It is silent for longer than a request may be.
  socket?.setTimeout(0);
  socket?.setKeepAlive(true, KEEP_ALIVE_MS);
  const isOpen = () => !raw.writableEnded && !raw.destroyed;
  const write = (frames: Buffer | string) => {
    if (!isOpen()) return;
    raw.write(frames);
    if (raw.writableLength > MAX_WAITING_BYTES) raw.destroy();
  };
  write(`retry: ${RETRY_MS}\n\n`);
  const over = new AbortController();
  raw.on('close', () => over.abort());
  // It may have gone while the route looked something up; then there is no `close` any more.
  if (raw.destroyed) over.abort();
  else raw.on('close', heartbeat.add(socket, beatOf(raw, write)));

  return {
    get isOpen() {
      return isOpen();
    },
    send: (event, data) => write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`),
    write,
    drained: () =>
      new Promise((resolve) => {
        if (!isOpen() || !raw.writableNeedDrain) return resolve();
        const done = () => {
          raw.off('drain', done);
          over.signal.removeEventListener('abort', done);
          resolve();
        };
        raw.on('drain', done);
        over.signal.addEventListener('abort', done);
      }),
    end: () => {
      raw.end();
      over.abort();
    },
    onClose: (listener) => {
      if (raw.destroyed) listener();
      else raw.on('close', listener);
    },
  };
}

/**
 * Writes a comment, and cuts off a client that has taken nothing since the last beat of what waited for it then. What waits
 * is in this process, or in the system: there a few comments find room for a quarter of an hour before TCP gives a dead
 * client up.
 */
function beatOf(raw: ServerResponse, write: (comment: string) => void): Beat {
  /** What had reached it at the last beat, when something waited. */
  let before: number | undefined;
  return (unacknowledged) => {
    const waiting = raw.writableLength + unacknowledged;
    const arrived = (raw.socket?.bytesWritten ?? 0) - waiting;
    if (waiting > 0 && arrived === before) raw.destroy();
    before = waiting > 0 ? arrived : undefined;
    write(':\n\n');
  };
}
