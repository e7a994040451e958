/**
 * Sends one webhook: one POST over a connection of its own, no redirection followed, nothing taken from the answer but its
 * status. What it says to errors names the host alone: a path may hold a token.
 */
import { type IncomingMessage, request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';
import { reportOf } from '../domain/errors.ts';
import type { Outcome } from './outcome.ts';
import { isPublicAddress, literalAddress, lookupPublic, PrivateAddressError } from './public-address.ts';
import { signatureOf } from './signature.ts';

/** From the name's resolution to the answer. */
const TIMEOUT_MS = 10_000;
/** Of an answer's body so much is read, so that the other side can end it; then it is cut off. */
const MAX_ANSWER_BYTES = 64 * 1024;
/** Whoever answers so wants no more of it (RFC 9110, 15.5.11). */
const GONE = 410;

export interface WebhookRequest {
  url: string;
  eventId: string;
  body: string;
  secret: string | null;
  /** Milliseconds since the epoch. */
  now: number;
  userAgent: string;
  /** Addresses of this machine and its networks may be called. */
  allowPrivate: boolean;
  signal: AbortSignal;
  /** Default: 10 s. */
  timeoutMs?: number;
}

/** Never rejects for what the other side does. @throws the signal's reason when it aborts */
export async function sendWebhook(webhook: WebhookRequest): Promise<Outcome> {
  const { signal, timeoutMs = TIMEOUT_MS } = webhook;
  const timeout = AbortSignal.timeout(timeoutMs);
  const { host } = new URL(webhook.url);
  try {
    return await post(webhook, AbortSignal.any([signal, timeout]));
  } catch (error) {
    signal.throwIfAborted();
    if (timeout.aborted) return { delivered: false, error: `${host} gave no answer within ${timeoutMs / 1000} s.` };
    if (error instanceof PrivateAddressError) {
      return { delivered: false, final: true, error: `${error.message}; see LONGHAND_ALLOW_PRIVATE_HOOKS.` };
    }
    const { code } = error as { code?: unknown };
    const reason = typeof code === 'string' ? code : reportOf(error).message;
    return { delivered: false, error: `${host} cannot be reached: ${reason}.` };
  }
}

function post({ url, eventId, body, secret, now, userAgent, allowPrivate }: WebhookRequest, signal: AbortSignal) {
  const address = new URL(url);
  const literal = literalAddress(address);
  return new Promise<Outcome>((resolve, reject) => {
    if (!allowPrivate && literal !== undefined && !isPublicAddress(literal)) {
      return reject(new PrivateAddressError(literal, literal));
    }
    const bytes = Buffer.from(body);
    const send = address.protocol === 'https:' ? requestTls : requestPlain;
    const request = send(address, {
      method: 'POST',
      // A connection of an earlier call went to an address that was checked then.
      agent: false,
      ...(allowPrivate ? {} : { lookup: lookupPublic }),
      signal,
      headers: {
        'content-type': 'application/json',
        'content-length': bytes.length,
        'user-agent': userAgent,
        'x-longhand-event-id': eventId,
        ...(secret === null ? {} : { 'x-longhand-signature': signatureOf(body, secret, now) }),
      },
    });
    request.on('error', reject);
    request.on('response', (response) => {
      const outcome = outcomeOf(response, address.host);
      readAway(response, () => resolve(outcome));
    });
    request.end(bytes);
  });
}

function outcomeOf({ statusCode = 0 }: IncomingMessage, host: string): Outcome {
  if (statusCode >= 200 && statusCode < 300) return { delivered: true, httpStatus: statusCode };
  const failed = { delivered: false, httpStatus: statusCode };
  if (statusCode >= 300 && statusCode < 400) {
    return { ...failed, error: `${host} answered HTTP ${statusCode}: redirections are not followed.` };
  }
  return { ...failed, error: `${host} answered HTTP ${statusCode}.`, ...(statusCode === GONE ? { final: true } : {}) };
}

/** Calls back when the answer has ended, however it does: its status is known by then. */
function readAway(response: IncomingMessage, ended: () => void): void {
  let bytes = 0;
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) response.destroy();
  });
  // What breaks now changes nothing any more; `close` comes in any case.
  response.on('error', () => undefined);
  response.on('close', ended);
}
