/**
 * Pulls a model from its source, so that an interruption costs nothing and nothing half done is ever taken for a model.
 *
 * What arrives is collected in a part (model-part.ts). The rest of it is asked for with Range and If-Range (RFC 9110,
 * 13.1.5 and 14.2): a server that does not know ranges, or whose file has changed, answers with the whole file, and then
 * it is taken whole. At the end the part is read back from the disk, compared in size and SHA-1 with the catalogue,
 * walked over, synced, and renamed into place.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LonghandError, ModelError, NetworkError, UsageError } from '../domain/errors.ts';
import type { ModelEntry } from '../domain/model-shelf.ts';
import { percentDecoded } from '../domain/percent.ts';
import { inspectGgmlModel } from './ggml-model.ts';
import { claimPart, emptyPart, type Part, releasePart, rememberValidator } from './model-part.ts';
import {
  type CatalogueModel,
  catalogueModel,
  checksumsOf,
  diskErrorOr,
  inMegabytes,
  installedModel,
  isAsInstalled,
  MODEL_CATALOGUE,
  makeModelsFolder,
  modelsFolder,
  nearestModelName,
  requireSpace,
  settleModel,
} from './models.ts';

/** Where whisper.cpp's own download script takes models from (models/download-ggml-model.sh). */
export const DEFAULT_MODEL_SOURCE = 'https://huggingface.co/ggerganov/whisper.cpp/resolve/main';

/** How long the source may be silent, before its answer and within it. */
const STALL_TIMEOUT_MS = 30_000;
/** How often in a row an attempt may bring nothing before the pull gives up. */
const FRUITLESS_ATTEMPTS = 5;
/** The pause after the first fruitless attempt; each next one is twice as long. */
const BACKOFF_MS = 1_000;
const LONGEST_BACKOFF_MS = 60_000;
const PROGRESS_EVERY_MS = 100;

export interface PullOptions {
  cacheDir: string;
  /** Base URL; the file's name is added to it. Default: `DEFAULT_MODEL_SOURCE`. */
  source?: string;
  /** Ends the pull; what has arrived is kept for the next one. */
  signal?: AbortSignal;
  onProgress?(progress: { receivedBytes: number; totalBytes: number }): void;
  /** Told before each pause, as one sentence. */
  onRetry?(reason: string): void;
  catalogue?: readonly CatalogueModel[];
  /** Defaults: 30 s and 1 s. */
  stallTimeoutMs?: number;
  backoffMs?: number;
}

/**
 * Makes sure that a model of the catalogue is installed, and pulls it when it is not.
 * @throws UsageError for an unknown name or source · NetworkError when the source does not answer, or not with this
 *   model · ModelError when what it sends is not the published model · DiskError for too little space · the signal's
 *   reason when it was aborted
 */
export async function pullModel(name: string, options: PullOptions): Promise<ModelEntry> {
  const { cacheDir, catalogue = MODEL_CATALOGUE, signal } = options;
  const model = catalogueModel(name, catalogue);
  if (!model) throw unknownModel(name, catalogue);
  const address = addressOf(options.source ?? DEFAULT_MODEL_SOURCE, model.fileName);
  const before = await installedModel(model.name, cacheDir, catalogue);
  // A file may have changed since it was installed: then it is pulled anew.
  if (before?.installed && (await isAsInstalled(model.name, { cacheDir }))) return before;
  signal?.throwIfAborted();
  try {
    await makeModelsFolder(cacheDir);
    const part = await claimPart(join(modelsFolder(cacheDir), model.fileName));
    try {
      await requireSpace(cacheDir, Math.max(0, model.sizeBytes - part.size));
      await fetchAndCheck(address, model, part, options);
    } finally {
      await releasePart(part);
    }
  } catch (error) {
    throw diskErrorOr(error, cacheDir);
  }
  const after = await installedModel(model.name, cacheDir, catalogue);
  if (!after?.installed) throw new ModelError(`Model '${model.name}' did not stay where it was put.`);
  return after;
}

async function fetchAndCheck(address: Address, model: CatalogueModel, part: Part, options: PullOptions): Promise<void> {
  for (;;) {
    await fetchAll(address, model, part, options);
    const sums = await checksumsOf(part.path, options.signal);
    if (sums.sha1 === model.sha1 && sums.sizeBytes === model.sizeBytes) {
      await inspectGgmlModel(part.path);
      await settleModel(part.path, part.target, { ...sums, from: address.url.href });
      return;
    }
    const { pieced } = part;
    await emptyPart(part);
    // What was resumed may have been two halves of different files; a whole one is the source's own.
    if (!pieced) throw wrongModel(address.url, model, `its SHA-1 is ${sums.sha1}, the published one is ${model.sha1}`);
  }
}

/** Attempts until the part is complete; gives up after several in a row that brought nothing. */
async function fetchAll(address: Address, model: CatalogueModel, part: Part, options: PullOptions): Promise<void> {
  const { signal, backoffMs = BACKOFF_MS } = options;
  const { url } = address;
  const report = progressReporter(model.sizeBytes, options);
  let fruitless = 0;
  report(part.size);
  while (part.size < model.sizeBytes) {
    const sizeBefore = part.size;
    try {
      await fetchOnce(address, model, part, options, report);
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof PassingError)) throw error;
      fruitless = part.size > sizeBefore ? 1 : fruitless + 1;
      if (fruitless >= FRUITLESS_ATTEMPTS) {
        throw new NetworkError(`${url.host} does not deliver model '${model.name}': ${error.message}.`, {
          remedy: `Try again later (what has arrived is kept), or set LONGHAND_MODEL_MIRROR to another source.`,
        });
      }
      const pauseMs = Math.min(LONGEST_BACKOFF_MS, error.retryAfterMs ?? backoffMs * 2 ** (fruitless - 1));
      options.onRetry?.(`${url.host}: ${error.message}; next attempt in ${Math.ceil(pauseMs / 1_000)} s`);
      await sleep(pauseMs, undefined, signal ? { signal } : {});
    }
  }
  report(part.size, true);
}

/** What may pass by itself. */
class PassingError extends Error {
  readonly retryAfterMs: number | undefined;
  constructor(message: string, retryAfterMs?: number, options?: ErrorOptions) {
    super(message, options);
    this.retryAfterMs = retryAfterMs;
  }
}

/** One request, written to the part as it comes. Returns when the answer ended well. */
async function fetchOnce(
  { url, headers }: Address,
  model: CatalogueModel,
  part: Part,
  options: PullOptions,
  report: (received: number) => void,
): Promise<void> {
  const stall = stallGuard(options.stallTimeoutMs ?? STALL_TIMEOUT_MS, options.signal);
  try {
    const response = await fetch(url, { headers: { ...headers, ...rangeHeaders(part) }, signal: stall.signal });
    stall.heard();
    try {
      await placeAnswer(response, url, model, part);
      await writeAnswer(response, model, part, stall.heard, report);
    } finally {
      // An answer that is not read to its end would hold its connection; cancelling one that was is harmless.
      await response.body?.cancel().catch(() => {});
    }
  } catch (error) {
    if (error instanceof LonghandError || error instanceof PassingError) throw error;
    if (stall.stalled) throw new PassingError('it has fallen silent');
    if (isFileSystemError(error)) throw error;
    throw new PassingError(networkReason(error), undefined, { cause: error });
  } finally {
    stall.end();
  }
}

function rangeHeaders(part: Part): Record<string, string> {
  if (part.size === 0) return {};
  return { range: `bytes=${part.size}-`, ...(part.validator ? { 'if-range': part.validator } : {}) };
}

/** Decides from the answer's head where its body goes: behind what is there, or over it. */
async function placeAnswer(response: Response, url: URL, model: CatalogueModel, part: Part): Promise<void> {
  const { status } = response;
  if (status === 206) {
    const range = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(response.headers.get('content-range') ?? '');
    const total = range?.[3] === '*' ? model.sizeBytes : Number(range?.[3]);
    if (Number(range?.[1]) !== part.size || total !== model.sizeBytes) {
      await emptyPart(part);
      throw new PassingError('it answered with another range than was asked for');
    }
    part.pieced = true;
    return;
  }
  if (status === 200) {
    await emptyPart(part);
    await rememberValidator(part, response);
    const length = response.headers.get('content-length');
    if (length !== null && Number(length) !== model.sizeBytes) {
      throw wrongModel(url, model, `it has ${length} bytes, the published one has ${model.sizeBytes}`);
    }
    return;
  }
  if (status === 416) {
    await emptyPart(part);
    throw new PassingError('it has another file than before');
  }
  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    throw new PassingError(`it answered with HTTP ${status}`, retryAfter(response));
  }
  throw new NetworkError(`The model source has no '${model.name}': HTTP ${status} for ${url.href}.`, {
    remedy: 'Check LONGHAND_MODEL_MIRROR, or add a model from a file: longhand models add FILE',
  });
}

async function writeAnswer(
  response: Response,
  model: CatalogueModel,
  part: Part,
  heard: () => void,
  report: (received: number) => void,
): Promise<void> {
  for await (const chunk of response.body ?? []) {
    heard();
    const bytes = chunk as Uint8Array;
    if (part.size + bytes.length > model.sizeBytes) {
      await emptyPart(part);
      throw new PassingError('it sent more than the model has');
    }
    await writeAll(part.file, bytes, part.size);
    part.size += bytes.length;
    report(part.size);
  }
  if (part.size < model.sizeBytes) throw new PassingError('the connection ended early');
}

async function writeAll(file: Part['file'], bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
  }
}

/** Aborts when nothing was heard for a while, or when the caller's signal does. */
function stallGuard(timeoutMs: number, outer: AbortSignal | undefined) {
  const controller = new AbortController();
  let stalled = false;
  const timer = setTimeout(() => {
    stalled = true;
    controller.abort();
  }, timeoutMs);
  const passOn = () => controller.abort(outer?.reason);
  if (outer?.aborted) passOn();
  outer?.addEventListener('abort', passOn, { once: true });
  return {
    signal: controller.signal,
    heard: () => void timer.refresh(),
    get stalled() {
      return stalled;
    },
    end() {
      clearTimeout(timer);
      outer?.removeEventListener('abort', passOn);
    },
  };
}

function progressReporter(totalBytes: number, { onProgress }: PullOptions) {
  let last = Number.NEGATIVE_INFINITY;
  return (receivedBytes: number, always = false) => {
    const now = performance.now();
    if (!onProgress || (!always && now - last < PROGRESS_EVERY_MS)) return;
    last = now;
    try {
      onProgress({ receivedBytes, totalBytes });
    } catch {
      // Whoever only watches must not be able to fail the pull.
    }
  };
}

interface Address {
  /** Without credentials, so that it can be shown and recorded. */
  url: URL;
  headers: Record<string, string>;
}

function addressOf(source: string, fileName: string): Address {
  const url = URL.canParse(source) ? new URL(source) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(
      'The source of models is not an address.',
      'Set LONGHAND_MODEL_MIRROR to an http or https URL.',
    );
  }
  const headers: Record<string, string> = { 'accept-encoding': 'identity', 'user-agent': 'longhand' };
  if (url.username) {
    const credentials = `${percentDecoded(url.username)}:${percentDecoded(url.password)}`;
    headers.authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
    url.username = '';
    url.password = '';
  }
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/${fileName}`;
  return { url, headers };
}

function unknownModel(name: string, catalogue: readonly CatalogueModel[]): UsageError {
  const near = nearestModelName(name, catalogue);
  return new UsageError(
    `There is no model '${name}'${near ? `; did you mean '${near}'?` : '.'}`,
    `The models are: ${catalogue.map((model) => model.name).join(', ')}.`,
  );
}

function wrongModel(url: URL, model: CatalogueModel, how: string): ModelError {
  return new ModelError(`What ${url.host} sends is not the published model '${model.name}': ${how}.`, {
    remedy: `Check LONGHAND_MODEL_MIRROR; the published file has ${inMegabytes(model.sizeBytes)}.`,
  });
}

function retryAfter(response: Response): number | undefined {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1_000 : undefined;
}

function isFileSystemError(error: unknown): boolean {
  return typeof (error as NodeJS.ErrnoException)?.syscall === 'string' && 'errno' in (error as object);
}

/** undici says 'fetch failed' and hides the reason in the cause. */
function networkReason(error: unknown): string {
  const { cause, message } = error as { cause?: { code?: unknown; message?: unknown }; message?: unknown };
  const code = cause?.code ?? (error as { code?: unknown }).code;
  return String(code ? `${cause?.message ?? message} (${code})` : (cause?.message ?? message));
}
