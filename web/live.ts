/**
 * What happens on the service, as it happens: one stream of events for the whole page.
 *
 * What a change of a job makes old is asked for again, at most every so often. Progress, also of downloads, comes many times a
 * minute and is kept here instead, for whoever shows it. When the stream breaks it is opened again until it holds; what was missed is
 * caught up with by asking for everything that is on the screen.
 */
import { useEffect, useSyncExternalStore } from 'react';
import type { ModelPull, ProgressReport } from './api-types.ts';
import { keys, queryClient } from './queries.ts';
import { randomId } from './random-id.ts';

/** `away`: the stream is broken, and is being opened again. */
export type Connection = 'opening' | 'live' | 'away';

/** At most one round of asking in this time. */
const REFRESH_MS = 100;
/** How long after a break the stream is tried again, when the browser has given it up. */
const REOPEN_MS = 1_000;
/** Events after which what is on the screen is asked for again. */
const CHANGES = ['submitted', 'state', 'changed', 'deleted', 'queue', 'settled', 'length', 'waiting'] as const;

/** The name that this page gives itself: jobs that it began may depend on its being open. */
export const CLIENT_ID = clientId();

function clientId(): string {
  const KEY = 'longhand.client';
  const kept = sessionStorage.getItem(KEY);
  if (kept !== null) return kept;
  const made = randomId();
  sessionStorage.setItem(KEY, made);
  return made;
}

/** Whoever wants more of the stream than the page keeps. */
type Listener = (data: unknown) => void;

class LiveStream {
  connection: Connection = 'opening';
  readonly #progress = new Map<number, ProgressReport>();
  /** Of models: under way, or how the last one of each ended. */
  #pulls: readonly ModelPull[] = [];
  readonly #watchers = new Set<() => void>();
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #changed = new Set<number>();
  #source: EventSource | undefined;
  #reopen: ReturnType<typeof setTimeout> | undefined;
  #refresh: ReturnType<typeof setTimeout> | undefined;
  #refreshedAt = Number.NEGATIVE_INFINITY;
  #wasLive = false;

  open(): void {
    this.close();
    const source = new EventSource(`/api/events?clientId=${CLIENT_ID}`);
    this.#source = source;
    source.addEventListener('ready', () => {
      // Those that the service knows are told next.
      this.#pulls = [];
      this.#set('live');
      // What came without an id while the stream was broken is not told again.
      if (this.#wasLive) void queryClient.invalidateQueries();
      this.#wasLive = true;
    });
    source.addEventListener('error', () => {
      this.#set('away');
      if (source.readyState !== EventSource.CLOSED) return;
      // The browser gives up after an answer that is no stream: the service is starting, or nobody is signed in any more.
      void queryClient.invalidateQueries({ queryKey: keys.session });
      this.#reopen = setTimeout(() => this.open(), REOPEN_MS);
    });
    source.addEventListener('reset', () => void queryClient.invalidateQueries());
    source.addEventListener('progress', ({ data }) => {
      const { jobId, progress } = JSON.parse(data as string) as { jobId: number; progress: ProgressReport };
      this.#progress.set(jobId, progress);
      this.#tell();
    });
    source.addEventListener('model', ({ data }) => {
      const { pull } = JSON.parse(data as string) as { pull: ModelPull };
      this.#pulls = [pull, ...this.#pulls.filter(({ name }) => name !== pull.name)];
      this.#tell();
    });
    for (const name of CHANGES) source.addEventListener(name, ({ data }) => this.#hear(JSON.parse(data as string)));
    for (const name of this.#listeners.keys()) this.#forward(source, name);
  }

  close(): void {
    clearTimeout(this.#reopen);
    this.#source?.close();
    this.#source = undefined;
  }

  readonly watch = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  progressOf(jobId: number): ProgressReport | undefined {
    return this.#progress.get(jobId);
  }

  readonly pulls = (): readonly ModelPull[] => this.#pulls;

  /** @returns a function that ends it */
  on(name: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(name);
    if (listeners) listeners.add(listener);
    else {
      this.#listeners.set(name, new Set([listener]));
      if (this.#source) this.#forward(this.#source, name);
    }
    return () => this.#listeners.get(name)?.delete(listener);
  }

  #forward(source: EventSource, name: string): void {
    source.addEventListener(name, ({ data }) => {
      const parsed: unknown = JSON.parse(data as string);
      for (const listener of this.#listeners.get(name) ?? []) listener(parsed);
    });
  }

  #hear({ type, jobId, status }: { type: string; jobId?: number | null; status?: string }): void {
    if (typeof jobId === 'number') {
      this.#changed.add(jobId);
      const isOver = type === 'deleted' || (type === 'state' && status !== 'processing');
      if (isOver && this.#progress.delete(jobId)) this.#tell();
    }
    if (this.#refresh !== undefined) return;
    const wait = Math.max(0, this.#refreshedAt + REFRESH_MS - performance.now());
    this.#refresh = setTimeout(() => this.#askAgain(), wait);
  }

  #askAgain(): void {
    this.#refresh = undefined;
    this.#refreshedAt = performance.now();
    void queryClient.invalidateQueries({ queryKey: keys.queue });
    void queryClient.invalidateQueries({ queryKey: keys.jobs });
    for (const id of this.#changed) void queryClient.invalidateQueries({ queryKey: keys.job(id) });
    this.#changed.clear();
  }

  #set(connection: Connection): void {
    this.connection = connection;
    this.#tell();
  }

  #tell(): void {
    for (const watcher of this.#watchers) watcher();
  }
}

export const live = new LiveStream();

/** Keeps the stream open as long as the component is there. */
export function useLiveStream(): void {
  useEffect(() => {
    live.open();
    return () => live.close();
  }, []);
}

/** How the stream is. */
export function useConnection(): Connection {
  return useSyncExternalStore(live.watch, () => live.connection);
}

/** The newest progress of a job that is worked on; undefined where none was told. */
export function useProgress(jobId: number): ProgressReport | undefined {
  return useSyncExternalStore(live.watch, () => live.progressOf(jobId));
}

/** Downloads of models that are under way, and how the last one of each ended. */
export function usePulls(): readonly ModelPull[] {
  return useSyncExternalStore(live.watch, live.pulls);
}
