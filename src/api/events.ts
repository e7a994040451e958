import type { News, Tell } from '../supervisor/news.ts';

/** Hands news of jobs to whoever listens, in this process. */
export class NewsHub {
  readonly #listeners = new Map<number, Set<Tell>>();

  readonly #listenersToAll = new Set<Tell>();

  readonly tell: Tell = (news) => {
    for (const listener of this.#listenersToAll) listener(news);
    for (const listener of this.#listeners.get(news.jobId) ?? []) listener(news);
  };

  /** @returns a function that ends the subscription */
  subscribe(jobId: number, listener: (news: News) => void): () => void {
    const listeners = this.#listeners.get(jobId) ?? new Set();
    this.#listeners.set(jobId, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#listeners.delete(jobId);
    };
  }

  /** Listens to the news of every job. @returns a function that ends the subscription */
  subscribeToAll(listener: Tell): () => void {
    this.#listenersToAll.add(listener);
    return () => this.#listenersToAll.delete(listener);
  }
}
