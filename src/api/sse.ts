import type { FastifyReply } from 'fastify';

/** So that nobody between us and the client takes silence for death. */
const COMMENT_INTERVAL_MS = 15_000;
/** A client that does not read is cut off when this much waits for it. */
const MAX_WAITING_BYTES = 1024 * 1024;

/** A stream of server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html). */
export interface EventStream {
  send(event: string, data: unknown): void;
  end(): void;
  onClose(listener: () => void): void;
}

/** Takes a reply over as an event stream. */
export function eventStream(reply: FastifyReply): EventStream {
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  const comments = setInterval(() => raw.write(':\n\n'), COMMENT_INTERVAL_MS);
  raw.on('close', () => clearInterval(comments));
  return {
    send(event, data) {
      if (raw.writableEnded || raw.destroyed) return;
      raw.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
      if (raw.writableLength > MAX_WAITING_BYTES) raw.destroy();
    },
    end: () => raw.end(),
    onClose: (listener) => raw.on('close', listener),
  };
}
