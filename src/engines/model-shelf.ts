/** The models of this machine for whoever asks over and over, and cannot wait: downloads run in the background. */
import type { Clock } from '../domain/clock.ts';
import { UsageError } from '../domain/errors.ts';
import { jobNeedBytes, memoryNeedBytes } from '../domain/model-choice.ts';
import type { ListedModel, ModelPull, ModelShelf as Shelf } from '../domain/model-shelf.ts';
import { pullModel } from './model-download.ts';
import {
  type CatalogueModel,
  catalogueModel,
  listModels,
  MODEL_CATALOGUE,
  nearestModelName,
  removeModel,
} from './models.ts';

interface PullUnderWay {
  pull: ModelPull;
  stop: AbortController;
  ended: Promise<void>;
}

export interface ModelShelfOptions {
  cacheDir: string;
  /** Where models come from; see `pullModel`. */
  source?: string | undefined;
  clock: Clock;
  catalogue?: readonly CatalogueModel[];
}

/** The name is not that of a model that could be meant. */
export class NoSuchModelError extends UsageError {
  readonly statusCode = 404;
  readonly code = 'model_not_found';
}

/** The model is needed, or is just being fetched. */
export class ModelBusyError extends UsageError {
  readonly statusCode = 409;
  readonly code = 'model_busy';
}

export class ModelShelf implements Shelf {
  readonly #options: Required<Pick<ModelShelfOptions, 'catalogue'>> & ModelShelfOptions;
  readonly #pulls = new Map<string, PullUnderWay>();
  readonly #listeners = new Set<(pull: ModelPull) => void>();
  #closed = false;

  constructor(options: ModelShelfOptions) {
    this.#options = { catalogue: MODEL_CATALOGUE, ...options };
  }

  /** All models of the catalogue and those that were added from files, smallest first. */
  async list(): Promise<ListedModel[]> {
    const { cacheDir, catalogue } = this.#options;
    return (await listModels(cacheDir, catalogue)).map((model) => ({
      ...model,
      memoryBytes: memoryNeedBytes(model),
      jobBytes: jobNeedBytes(model, 1),
    }));
  }

  /**
   * Begins a download; one that is under way is left alone.
   * @throws NoSuchModelError
   */
  pull(name: string): ModelPull {
    const { catalogue, clock } = this.#options;
    const model = catalogueModel(name, catalogue);
    if (!model) throw unknown(name, catalogue);
    const before = this.#pulls.get(model.name);
    if (before?.pull.status === 'pulling') return { ...before.pull };
    if (this.#closed) throw new ModelBusyError('This process is about to end and pulls no models.', 'Try again.');
    const pull: ModelPull = {
      name: model.name,
      status: 'pulling',
      receivedBytes: 0,
      totalBytes: model.sizeBytes,
      startedAt: new Date(clock.now()).toISOString(),
      ...{ endedAt: null, retry: null, error: null },
    };
    const stop = new AbortController();
    // The newest is the last one in the map.
    this.#pulls.delete(model.name);
    this.#pulls.set(model.name, { pull, stop, ended: this.#run(pull, stop.signal) });
    this.#tell(pull);
    return { ...pull };
  }

  /** The newest first. */
  pulls(): ModelPull[] {
    return [...this.#pulls.values()].map(({ pull }) => ({ ...pull })).reverse();
  }

  /** Tells of each change of a download. @returns a function that ends that */
  onPull(listener: (pull: ModelPull) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Ends a download and resolves when it has ended; what has arrived is kept for the next one.
   * @throws NoSuchModelError when there is none of that name
   */
  async cancel(name: string): Promise<ModelPull> {
    const known = this.#pulls.get(catalogueModel(name, this.#options.catalogue)?.name ?? name);
    if (!known) throw new NoSuchModelError(`Model '${name}' is not being pulled.`, 'See: GET /api/models/pulls');
    known.stop.abort();
    await known.ended;
    return { ...known.pull };
  }

  /**
   * Deletes a model's file.
   * @param inUse names of models with which jobs are being worked on
   * @throws NoSuchModelError when it is not installed; ModelBusyError when it is in use or being pulled
   */
  async remove(name: string, inUse: () => Promise<readonly string[]>): Promise<{ name: string; freedBytes: number }> {
    const { cacheDir, catalogue } = this.#options;
    const whole = catalogueModel(name, catalogue)?.name ?? name;
    const installed = (await listModels(cacheDir, catalogue)).find((model) => model.name === whole && model.path);
    if (!installed) throw new NoSuchModelError(`Model '${name}' is not installed.`, 'See: longhand models list');
    if (this.#pulls.get(whole)?.pull.status === 'pulling') {
      throw new ModelBusyError(`Model '${whole}' is just being pulled.`, 'Cancel the download first.');
    }
    const names = await inUse();
    if (names.some((used) => used === whole || catalogueModel(used, catalogue)?.name === whole)) {
      throw new ModelBusyError(`A job works with model '${whole}'.`, 'Wait for its end, or cancel it.');
    }
    return { name: whole, ...(await removeModel(whole, { cacheDir, catalogue })) };
  }

  /** Ends all downloads and resolves when they have. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const { stop } of this.#pulls.values()) stop.abort();
    await Promise.all([...this.#pulls.values()].map(({ ended }) => ended));
  }

  #tell(pull: ModelPull): void {
    for (const listener of this.#listeners) listener({ ...pull });
  }

  async #run(pull: ModelPull, signal: AbortSignal): Promise<void> {
    const { cacheDir, source, catalogue, clock } = this.#options;
    const change = (changed: Partial<ModelPull>) => this.#tell(Object.assign(pull, changed));
    let end: Partial<ModelPull>;
    try {
      await pullModel(pull.name, {
        ...{ cacheDir, signal, catalogue },
        ...(source === undefined ? {} : { source }),
        onProgress: ({ receivedBytes, totalBytes }) => change({ receivedBytes, totalBytes, retry: null }),
        onRetry: (retry) => change({ retry }),
      });
      end = { status: 'complete', receivedBytes: pull.totalBytes };
    } catch (error) {
      end = signal.aborted ? { status: 'cancelled' } : { status: 'failed', error };
    }
    change({ ...end, retry: null, endedAt: new Date(clock.now()).toISOString() });
  }
}

function unknown(name: string, catalogue: readonly CatalogueModel[]): NoSuchModelError {
  const near = nearestModelName(name, catalogue);
  return new NoSuchModelError(
    `There is no model '${name}'${near ? `; did you mean '${near}'?` : '.'}`,
    `The models are: ${catalogue.map((model) => model.name).join(', ')}.`,
  );
}
