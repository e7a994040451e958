/**
 * What happens on the service, as it happens: one connection for the whole page (`live-link.ts`), which also tells the logs that are
 * shown.
 *
 * What a change of a job makes old is asked for again, at most every so often. Progress, also of downloads, comes many times a
 * minute and is kept here instead, for whoever shows it. When the connection breaks it is opened again until it holds; what was missed is
 * caught up with by asking for everything that is on the screen.
 */
import { useEffect, useSyncExternalStore } from 'react';
import type { ModelPull, ProgressReport } from './api-types.ts';
import { type Link, type LinkHandlers, socketLink, type Told } from './live-link.ts';
import { keys, queryClient } from './queries.ts';
import { randomId } from './random-id.ts';

/** `away`: it is broken, and is being opened again. */
export type Connection = 'opening' | 'live' | 'away';

/** At most one round of asking in this time. */
const REFRESH_MS = 100;
/** How long after a break it is tried again. */
const REOPEN_MS = 1_000;
/** Events after which what is on the screen is asked for again. */
const CHANGES: ReadonlySet<string> = new Set([
  ...['submitted', 'state', 'changed', 'deleted', 'queue', 'settled', 'length', 'waiting'],
]);

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

/** Somebody to whom the log of a job is told. */
export interface LogFollower {
  /** A line, and the position behind it. */
  line(line: string, at: number): void;
  /** A stretch is no longer there; it goes on at this position. */
  gap(at: number): void;
  /** Whether it is live; else it will be again. */
  state(isLive: boolean): void;
}

class LiveStream {
  connection: Connection = 'opening';
  readonly #progress = new Map<number, ProgressReport>();
  /** Of models: under way, or how the last one of each ended. */
  #pulls: readonly ModelPull[] = [];
  readonly #watchers = new Set<() => void>();
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #changed = new Set<number>();
  /** Logs that are shown, and where each stands, by the number under which the link tells them. */
  readonly #logs = new Map<number, { job: number; follower: LogFollower; at: number }>();
  #lastLog = 0;
  #link: Link | undefined;
  /** Whether WebSockets come through: known once one did. */
  #socketsPass: boolean | undefined;
  #usesSocket = true;
  /** Ended when another one is opened, or none. */
  #opening: AbortController | undefined;
  #reopen: ReturnType<typeof setTimeout> | undefined;
  #refresh: ReturnType<typeof setTimeout> | undefined;
  #refreshedAt = Number.NEGATIVE_INFINITY;
  #wasLive = false;

  open(): void {
    this.close();
    const handlers = { told: (told: Told) => this.#take(told), lost: () => this.#lost() };
    if (this.#usesSocket) this.#begin(socketLink(CLIENT_ID, handlers));
    else this.#openStreams(handlers);
  }

  /** What opens them comes from the service too, which may be away. */
  #openStreams(handlers: LinkHandlers): void {
    const opening = new AbortController();
    this.#opening = opening;
    void import('./stream-link.ts').then(
      ({ streamLink }) => opening.signal.aborted || this.#begin(streamLink(CLIENT_ID, handlers)),
      () => opening.signal.aborted || handlers.lost(),
    );
  }

  #begin(link: Link): void {
    this.#link = link;
    for (const [number, { job, at }] of this.#logs) link.follow(number, job, at);
  }

  close(): void {
    clearTimeout(this.#reopen);
    this.#opening?.abort();
    this.#link?.close();
    this.#link = undefined;
  }

  /** Tells the log of a job from a position on; after a break it goes on where it was. @returns a function that ends it */
  followLog(job: number, from: number, follower: LogFollower): () => void {
    this.#lastLog += 1;
    const number = this.#lastLog;
    this.#logs.set(number, { job, follower, at: from });
    this.#link?.follow(number, job, from);
    return () => {
      if (this.#logs.delete(number)) this.#link?.leave(number);
    };
  }

  #lost(): void {
    this.#link = undefined;
    this.#set('away');
    for (const { follower } of this.#logs.values()) follower.state(false);
    // Until one came through it may be that none does, or that the service is away: each is tried in turn.
    if (this.#socketsPass === undefined) this.#usesSocket = !this.#usesSocket;
    // The service is starting, or nobody is signed in any more.
    void queryClient.invalidateQueries({ queryKey: keys.session });
    clearTimeout(this.#reopen);
    this.#reopen = setTimeout(() => this.open(), REOPEN_MS);
  }

  #take(told: Told): void {
    const { name, data, log } = told;
    if (log !== undefined) this.#takeLog(log, told);
    else if (name === 'ready') this.#isReady();
    else if (name === 'reset') void queryClient.invalidateQueries();
    else if (name === 'progress') {
      const { jobId, progress } = data as { jobId: number; progress: ProgressReport };
      this.#progress.set(jobId, progress);
      this.#tell();
    } else if (name === 'model') {
      const { pull } = data as { pull: ModelPull };
      this.#pulls = [pull, ...this.#pulls.filter(({ name }) => name !== pull.name)];
      this.#tell();
    } else if (CHANGES.has(name)) this.#hear(data as { type: string });
    if (log === undefined) for (const listener of this.#listeners.get(name) ?? []) listener(data);
  }

  #isReady(): void {
    this.#socketsPass = this.#usesSocket;
    // Those that the service knows are told next.
    this.#pulls = [];
    this.#set('live');
    // What came without an id while it was broken is not told again.
    if (this.#wasLive) void queryClient.invalidateQueries();
    this.#wasLive = true;
  }

  #takeLog(number: number, { name, data, id }: Told): void {
    const log = this.#logs.get(number);
    if (!log) return;
    if (id !== undefined) log.at = id;
    if (name === 'following') log.follower.state(true);
    if (name === 'line') log.follower.line((data as { line: string }).line, log.at);
    if (name === 'reset') log.follower.gap(log.at);
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
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener));
    return () => listeners.delete(listener);
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

/** Keeps the connection open as long as the component is there. */
export function useLiveStream(): void {
  useEffect(() => {
    live.open();
    return () => live.close();
  }, []);
}

/** How the connection is. */
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
