import { type EngineError, LonghandError } from '../domain/errors.ts';

/** The system ended an engine worker because memory ran out. */
export class EngineMemoryError extends LonghandError {
  /** @param at which engine it was, with which model */
  constructor({ engine, model }: { engine: { label: string }; model: { name: string } }, cause: EngineError) {
    const message = `Memory ran out, and the system ended the ${engine.label} engine worker (model ${model.name}).`;
    const remedy =
      'Use a smaller model or fewer processes, close other programs, or set MAX_MEMORY_PER_TRANSCRIPTION higher. ' +
      'Then go on with: longhand resume ID';
    const evidence = [cause.message, cause.evidence].filter(Boolean).join('\n');
    super({ kind: 'memory', message, remedy, evidence }, { cause });
  }
}

/** Whether the system's out-of-memory killer struck since this was made. */
export class OomWatch {
  readonly #count: (() => number | undefined) | undefined;
  readonly #before: number | undefined;

  /** @param count how many processes it ended so far; undefined where nobody counts */
  constructor(count: (() => number | undefined) | undefined) {
    this.#count = count;
    this.#before = count?.();
  }

  get struck(): boolean {
    const now = this.#count?.();
    return this.#before !== undefined && now !== undefined && now > this.#before;
  }
}
