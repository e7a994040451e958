import type { OutgoingHttpHeaders } from 'node:http';
import type { FastifyReply } from 'fastify';
import { type Clock, systemClock } from '../domain/clock.ts';

/** So that nobody between us and the client takes silence for death. */
export const COMMENT_INTERVAL_MS = 15_000;
/** A client that does not read is cut off when this much waits for it. */
export const MAX_WAITING_BYTES = 1024 * 1024;
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

/** Takes a reply over as an event stream. A client that does not keep up is cut off, by bytes and by time. */
export function eventStream(reply: FastifyReply, clock: Clock = systemClock): EventStream {
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, {
    ...(reply.getHeaders() as OutgoingHttpHeaders),
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    // A proxy that collects an answer before it passes it on would make nothing of it live.
    'x-accel-buffering': 'no',
  });
  // It is silent for longer than a request may be.
  raw.socket?.setTimeout(0);
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

  const beat = async () => {
    for (let sentBefore = -1; ; ) {
      await clock.sleep(COMMENT_INTERVAL_MS, over.signal);
      const sent = (raw.socket?.bytesWritten ?? 0) - raw.writableLength;
      // Something has waited since the last comment, and nothing went.
      if (raw.writableLength > 0 && sent === sentBefore) raw.destroy();
      write(':\n\n');
      sentBefore = sent;
    }
  };
  beat().catch((error) => {
    if (!over.signal.aborted) raw.destroy(error);
  });

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
