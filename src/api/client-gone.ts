import type { FastifyReply } from 'fastify';

/** Nobody is left to be answered. */
export class ClientGoneError extends Error {
  override name = 'ClientGoneError';
}

/** Aborts when the connection ends before the answer has. */
export function clientGone({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController();
  raw.on('close', () => {
    if (!raw.writableFinished) gone.abort(new ClientGoneError('The client is gone.'));
  });
  return gone.signal;
}
