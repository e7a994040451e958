/**
 * Calls an OpenAI-compatible server: one request, tried again while there is hope.
 *
 * Hope there is after 429, 5xx, a broken connection or no connection, with growing pauses, or as long as `Retry-After`
 * says. Connecting is given up after 10 s (undici's own limit), the whole request after `requestTimeoutMs`. Redirections are not
 * followed: a recording goes to the server that was named and nowhere else. The key appears in no message.
 */
import { systemClock } from '../domain/clock.ts';
import { EngineError, LonghandError, ModelError, NetworkError } from '../domain/errors.ts';
import type { EngineSettings } from './engine.ts';

const OPENAI_URL = 'https://api.openai.com/v1';
const EVIDENCE_CHARS = 500;
/** Two minutes of speech with all its times come to some 100 kB. */
const BODY_MAX_CHARS = 20_000_000;

export interface OpenAiLimits {
  /** From the first byte sent to the last received. A server on a slow machine works as long as the sound lasts, or longer. */
  requestTimeoutMs: number;
  /** The pauses between tries; one more try than there are pauses. */
  retryDelaysMs: readonly number[];
  /** A server that asks for a longer pause is not waited for. */
  maxRetryAfterMs: number;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const DEFAULT_LIMITS: OpenAiLimits = {
  requestTimeoutMs: 600_000,
  retryDelaysMs: [1_000, 2_000, 4_000, 8_000],
  maxRetryAfterMs: 60_000,
  sleep: systemClock.sleep,
};

/** The address requests go to: what was set, or OpenAI's own when only a key was. */
export function baseUrl(settings: EngineSettings): string | undefined {
  return settings.openaiUrl?.replace(/\/+$/, '') ?? (settings.openaiKey ? OPENAI_URL : undefined);
}

/** @throws LonghandError of kind `usage` when no server is set or its address is not one. */
export function requireBaseUrl(settings: EngineSettings): string {
  const url = baseUrl(settings);
  const remedy = 'Set LONGHAND_OPENAI_URL, for example to http://127.0.0.1:8000/v1';
  if (!url) throw new LonghandError({ kind: 'usage', message: 'No transcription server is set.', remedy });
  if (URL.canParse(url) && /^https?:/.test(url)) return url;
  throw new LonghandError({ kind: 'usage', message: 'LONGHAND_OPENAI_URL is not the address of a server.', remedy });
}

/**
 * Sends a request and returns the body of its answer.
 * @param body makes the body, anew for every try.
 * @throws NetworkError when the server cannot be reached, has too much to do, or takes too long.
 * @throws LonghandError of kind `usage` when it refuses the key; ModelError when it knows no such model or address.
 * @throws EngineError for any other refusal. The signal's reason when it aborts.
 */
export async function post(
  path: string,
  body: () => FormData,
  settings: EngineSettings,
  limits: OpenAiLimits,
  signal: AbortSignal,
): Promise<string> {
  const url = `${requireBaseUrl(settings)}${path}`;
  for (let attempt = 0; ; attempt++) {
    const outcome = await once(url, { method: 'POST', body: body() }, settings, limits.requestTimeoutMs, signal);
    if (typeof outcome === 'string') return outcome;
    const pause = outcome.retryAfterMs ?? limits.retryDelaysMs[attempt];
    const lastTry = limits.retryDelaysMs[attempt] === undefined;
    if (lastTry || pause === undefined || pause > limits.maxRetryAfterMs) throw outcome.error;
    await limits.sleep(pause, signal);
  }
}

/** Whether the server answers at all, and takes the key. Returns what is wrong, or undefined. */
export async function ping(settings: EngineSettings, timeoutMs: number): Promise<LonghandError | undefined> {
  const url = `${requireBaseUrl(settings)}/models`;
  try {
    const outcome = await once(url, { method: 'GET' }, settings, timeoutMs, new AbortController().signal);
    return typeof outcome === 'string' ? undefined : outcome.error;
  } catch (error) {
    if (error instanceof ModelError || error instanceof EngineError) return undefined; // It is there; many have no list of models.
    if (error instanceof LonghandError) return error;
    throw error;
  }
}

interface Retryable {
  error: NetworkError;
  retryAfterMs: number | undefined;
}

async function once(
  url: string,
  request: RequestInit,
  settings: EngineSettings,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<string | Retryable> {
  const tidy = (text: string) => redact(text, settings).slice(0, EVIDENCE_CHARS);
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(url, {
      ...request,
      redirect: 'error',
      signal: AbortSignal.any([signal, timeout]),
      headers: settings.openaiKey ? { authorization: `Bearer ${settings.openaiKey}` } : {},
    });
    const text = await readBody(response);
    return response.ok ? text : refusal(response, tidy(text), hostOf(url));
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof LonghandError) throw error;
    const remedy = 'Check that it runs and that LONGHAND_OPENAI_URL is right.';
    const server = `The transcription server ${hostOf(url)}`;
    // Waited for long enough: whether it is asked again is for the caller, who knows how often it was.
    if (timeout.aborted) throw new NetworkError(`${server} gave no answer within ${timeoutMs / 1000} s.`, { remedy });
    const network = new NetworkError(`${server} cannot be reached: ${tidy(reasonOf(error))}.`, { remedy });
    return { error: network, retryAfterMs: undefined };
  }
}

/** @throws EngineError when it does not end. */
async function readBody(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const bytes of response.body ?? []) {
    text += decoder.decode(bytes, { stream: true });
    if (text.length > BODY_MAX_CHARS) throw new EngineError('The answer of the transcription server has no end.');
  }
  return text + decoder.decode();
}

/** @throws when there is no hope. */
function refusal(response: Response, body: string, host: string): Retryable {
  const { status } = response;
  const more = { evidence: `HTTP ${status}: ${body}` };
  if (status === 429 || status >= 500) {
    const what = status === 429 ? 'has too many requests to answer' : 'has a fault';
    const error = new NetworkError(`The transcription server ${host} ${what} (HTTP ${status}).`, more);
    return { error, retryAfterMs: retryAfter(response.headers.get('retry-after')) };
  }
  if (status === 401 || status === 403) {
    throw new LonghandError({
      kind: 'usage',
      message: `The transcription server ${host} does not accept the key (HTTP ${status}).`,
      remedy: 'Set LONGHAND_OPENAI_KEY to a key that it accepts.',
      ...more,
    });
  }
  if (status === 404) {
    const remedy = 'Check LONGHAND_OPENAI_URL (it ends before /audio/transcriptions) and --model.';
    throw new ModelError(`The transcription server ${host} knows no such model or address (HTTP 404).`, {
      remedy,
      ...more,
    });
  }
  throw new EngineError(`The transcription server ${host} refuses the chunk (HTTP ${status}).`, more);
}

/** Seconds or a date (RFC 9110 section 10.2.3), as milliseconds from now. */
function retryAfter(header: string | null): number | undefined {
  if (header === null || header.trim() === '') return undefined;
  const seconds = Number(header);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

function reasonOf(error: unknown): string {
  const cause = (error as { cause?: { code?: string; message?: string } }).cause;
  return cause?.code ?? cause?.message ?? (error instanceof Error ? error.message : String(error));
}

/** Without user, password and path, which may be secrets too. */
function hostOf(url: string): string {
  return new URL(url).host;
}

function redact(text: string, { openaiKey, openaiUrl }: EngineSettings): string {
  const withoutKey = openaiKey ? text.replaceAll(openaiKey, '[key]') : text;
  return openaiUrl ? withoutKey.replaceAll(openaiUrl, '[server]') : withoutKey;
}
