/** Sends one recording in parts (tus), on from where it was broken off. Loaded when there is something to send. */
import { DetailedError, Upload } from 'tus-js-client';
import type { JobStatus, Problem, Submitted } from '../../../api-types.ts';
import { ask, ProblemError, UnreachableError } from '../../../client.ts';

/** A connection over which nothing goes for so long is given up, and another one is opened. */
const STALL_MS = 30_000;
/** The service may be asked the same again: it is busy, is being started anew, or was reached too often. */
const PASSING = [408, 409, 423, 425, 429, 500, 502, 503, 504];
/** Somebody must sign in again; the page asks for it. */
const SIGNED_OUT = 401;

/** It is worth another try, by itself. */
export class PassingTrouble extends Error {
  /** What the service said; undefined when nobody answered. */
  readonly sentence: string | undefined;
  readonly signedOut: boolean;

  constructor(sentence?: string, signedOut = false) {
    super(sentence ?? 'The connection broke.');
    this.sentence = sentence;
    this.signedOut = signedOut;
  }
}

export interface Sending {
  file: Blob;
  metadata: Record<string, string>;
  /** Where its parts went before. */
  url: string | undefined;
  onUrl(url: string): void;
  onProgress(sentBytes: number): void;
}

/** The job that came of it; with the state of the one that was there before. */
export interface Arrived {
  jobId: number;
  known?: JobStatus;
}

/**
 * Sends what the service does not have yet.
 * @throws PassingTrouble; ProblemError when it is refused for good; the signal's reason
 */
export async function sendParts(
  { file, metadata, url, onUrl, onProgress }: Sending,
  signal: AbortSignal,
): Promise<Arrived> {
  signal.throwIfAborted();
  let at: string | undefined = url;
  const last = await new Promise<{ job: string | undefined; known: string | undefined }>((resolve, reject) => {
    let stalled: ReturnType<typeof setTimeout> | undefined;
    const upload = new Upload(file, {
      endpoint: `${location.origin}/api/uploads`,
      uploadUrl: url ?? null,
      metadata,
      // Whoever calls tries again, for as long as it takes.
      retryDelays: null,
      storeFingerprintForResuming: false,
      onUploadUrlAvailable: () => {
        if (upload.url === null) return;
        at = upload.url;
        onUrl(upload.url);
      },
      onProgress: (sent, total) => {
        clearTimeout(stalled);
        // What is all there the service reads once more, however long that takes.
        if (sent < total) stalled = setTimeout(() => end(new PassingTrouble()), STALL_MS);
        onProgress(sent);
      },
      onError: (error) => end(troubleOf(error)),
      onSuccess: ({ lastResponse }) => {
        release();
        resolve({
          job: lastResponse.getHeader('x-longhand-job'),
          known: lastResponse.getHeader('x-longhand-duplicate'),
        });
      },
    });
    const end = (reason: unknown) => {
      release();
      void upload.abort();
      reject(reason);
    };
    const give = () => end(signal.reason);
    const release = () => {
      clearTimeout(stalled);
      signal.removeEventListener('abort', give);
    };
    signal.addEventListener('abort', give);
    upload.start();
  });
  if (last.job !== undefined)
    return { jobId: Number(last.job), ...(last.known ? { known: last.known as JobStatus } : {}) };
  return await begin(at?.split('/').at(-1) ?? '', signal);
}

/** It was whole before, and the answer with its job was lost. However often it is asked for, it stays one job. */
async function begin(upload: string, signal: AbortSignal): Promise<Arrived> {
  try {
    const { id, duplicateOf } = await ask<Submitted>('POST', '/api/jobs', { upload }, signal);
    return { jobId: id, ...(duplicateOf ? { known: duplicateOf.status } : {}) };
  } catch (error) {
    if (error instanceof UnreachableError) throw new PassingTrouble();
    if (error instanceof ProblemError && PASSING.includes(error.status)) throw new PassingTrouble(error.message);
    throw error;
  }
}

/** Gives an upload up at the service. One of which the service does not hear goes after a day, by its own time. */
export async function giveUp(url: string): Promise<void> {
  await Upload.terminate(url, { retryDelays: [0, 1_000, 3_000] }).catch((error: unknown) => {
    if (!(error instanceof DetailedError)) throw error;
  });
}

function troubleOf(error: Error | DetailedError): Error {
  const response = error instanceof DetailedError ? error.originalResponse : null;
  if (!response || response.getStatus() === 0) return new PassingTrouble();
  const status = response.getStatus();
  const problem = problemOf(status, response.getBody());
  if (status === SIGNED_OUT) return new PassingTrouble(problem.message, true);
  return PASSING.includes(status) ? new PassingTrouble(problem.message) : problem;
}

/** Before the protocol is spoken the service refuses with a problem, and then with a plain sentence. */
function problemOf(status: number, body: string): ProblemError {
  if (body.startsWith('{')) return new ProblemError(JSON.parse(body) as Problem);
  return new ProblemError({ status, code: String(status), detail: body.trim() || `HTTP ${status}` });
}
