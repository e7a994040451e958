/**
 * Work that takes a while and that several may be waiting for: it is done once, and each gets what came of it.
 *
 * Whoever goes away ends nothing that others wait for. Work that nobody waits for any more goes on for a while, because a
 * page that was reloaded, or a proxy that lost its patience, asks again in a moment; then it is ended.
 */
import type { Clock } from '../domain/clock.ts';
import { LonghandError } from '../domain/errors.ts';

export interface SharedWorkOptions {
  clock: Clock;
  /** How long work goes on for which nobody waits. */
  lingerMs: number;
  /** Pieces at once; the others wait for their turn. */
  atOnce: number;
}

interface Piece {
  result: Promise<unknown>;
  /** Settles with the work, and never rejects. */
  over: Promise<unknown>;
  stop: AbortController;
  waiting: number;
  /** While nobody waits: aborted when somebody does again. */
  linger: AbortController | undefined;
}

/** What is asked for is not made any more: its job is being deleted, or this process is about to end. */
export class WorkEndedError extends LonghandError {
  readonly statusCode = 503;
  readonly code = 'not_now';

  constructor() {
    super({ kind: 'unknown', message: 'It is not made any more, because this is about to end.', remedy: 'Try again.' });
  }
}

export class SharedWork {
  readonly #options: SharedWorkOptions;
  readonly #pieces = new Map<string, Piece>();
  readonly #queue: (() => void)[] = [];
  #running = 0;
  #closed = false;

  constructor(options: SharedWorkOptions) {
    this.#options = options;
  }

  /**
   * Does a piece of work, or waits for the one of that key that is under way.
   * @param gone aborts when whoever asks waits no longer
   * @param work ends, and cleans up behind itself, when its signal aborts
   * @throws what the work throws; the reason of `gone`; WorkEndedError
   */
  async run<T>(key: string, gone: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    gone.throwIfAborted();
    let piece = this.#pieces.get(key);
    // It is being given up: what comes of it is of no use to anybody.
    for (; piece?.stop.signal.aborted; piece = this.#pieces.get(key)) await piece.over;
    if (this.#closed) throw new WorkEndedError();
    piece ??= this.#begin(key, work);
    piece.waiting += 1;
    piece.linger?.abort();
    try {
      return (await resultOrGone(piece.result, gone)) as T;
    } finally {
      piece.waiting -= 1;
      if (piece.waiting === 0 && this.#pieces.get(key) === piece) this.#linger(piece);
    }
  }

  /** Ends what is under way whose key begins like this, and resolves when it has ended. */
  async end(prefix: string): Promise<void> {
    const ending = [...this.#pieces].filter(([key]) => key.startsWith(prefix)).map(([, piece]) => piece);
    for (const { stop } of ending) stop.abort(new WorkEndedError());
    await Promise.all(ending.map(({ over }) => over));
  }

  /** Ends everything, and begins nothing from here on. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.end('');
  }

  #begin(key: string, work: (signal: AbortSignal) => Promise<unknown>): Piece {
    const stop = new AbortController();
    const result = this.#inTurn(stop.signal, work);
    const piece: Piece = { result, over: result.catch(() => undefined), stop, waiting: 0, linger: undefined };
    this.#pieces.set(key, piece);
    void piece.over.then(() => {
      this.#pieces.delete(key);
      piece.linger?.abort();
    });
    return piece;
  }

  async #inTurn(signal: AbortSignal, work: (signal: AbortSignal) => Promise<unknown>): Promise<unknown> {
    if (this.#running >= this.#options.atOnce) await new Promise<void>((resolve) => this.#queue.push(resolve));
    else this.#running += 1;
    try {
      signal.throwIfAborted();
      return await work(signal);
    } finally {
      // The place is handed on.
      const next = this.#queue.shift();
      if (next) next();
      else this.#running -= 1;
    }
  }

  #linger(piece: Piece): void {
    const { clock, lingerMs } = this.#options;
    const linger = new AbortController();
    piece.linger = linger;
    clock.sleep(lingerMs, linger.signal).then(
      () => {
        if (piece.waiting === 0) piece.stop.abort(new WorkEndedError());
      },
      (error: unknown) => {
        // Somebody came again, or it is done.
        if (!linger.signal.aborted) throw error;
      },
    );
  }
}

async function resultOrGone(result: Promise<unknown>, gone: AbortSignal): Promise<unknown> {
  let leave = () => {};
  const left = new Promise<never>((_, reject) => {
    leave = () => reject(gone.reason);
    gone.addEventListener('abort', leave, { once: true });
  });
  try {
    return await Promise.race([result, left]);
  } finally {
    gone.removeEventListener('abort', leave);
  }
}
