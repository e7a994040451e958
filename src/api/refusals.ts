/** What is refused before there is a request: told as a problem like everything else. */
import type { Socket } from 'node:net';
import { UsageError } from '../domain/errors.ts';
import { problemOf } from './problem.ts';

const TOO_SLOW = { status: 408, words: 'it took too long' };
const REASONS: Record<string, { status: number; words: string }> = {
  HPE_HEADER_OVERFLOW: { status: 431, words: 'its head is too long' },
  ERR_HTTP_REQUEST_TIMEOUT: TOO_SLOW,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: { status: 413, words: 'its chunk extensions are too long' },
};
const NO_HTTP = { status: 400, words: 'it is not HTTP' };

/** Answers what the parser of HTTP could not read, and closes the connection. */
export function refuseUnreadable(error: { code?: string }, socket: Socket): void {
  // Whoever is gone gets no answer.
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, words } = REASONS[error.code ?? ''] ?? NO_HTTP;
  const cause = Object.assign(new UsageError(`The request cannot be read: ${words}.`), {
    statusCode: status,
    code: 'usage',
  });
  const body = JSON.stringify(problemOf(cause));
  socket.end(
    [
      `HTTP/1.1 ${status} Refused`,
      'content-type: application/problem+json',
      `content-length: ${Buffer.byteLength(body)}`,
      'connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}
