import { setMaxListeners } from 'node:events';
import { type Announcement, type ApiClient, OwnerGoneError } from '../api/client.ts';
import { awaitsPerson, type JobStatus } from '../domain/job.ts';
import type { JobView } from '../jobs/view.ts';

/** Where a job stands. */
export interface JobState {
  status: JobStatus;
  pausedBy: string | null;
}

/** Follows any number of jobs over one stream of events. */
export interface Follower {
  /**
   * Resolves when the job rests until a person acts on it.
   * @throws OwnerGoneError when the owner ended before; the signal's reason
   */
  rested(jobId: number): Promise<JobView>;
  /** Resolves never, rejects when the stream ends: with OwnerGoneError, or the signal's reason. */
  ended: Promise<never>;
  /** Listens no more, so that this process can end. */
  close(): void;
}

/**
 * Opens the stream; what happens from here on is not missed.
 * @param onNews gets the news of every job, also of those that are not followed
 */
export async function followJobs(
  api: ApiClient,
  onNews: (news: Announcement) => void,
  signal: AbortSignal,
): Promise<Follower> {
  // Any number of questions hang on it at once; Node takes more than ten for a leak.
  setMaxListeners(0, signal);
  const leaving = new AbortController();
  const events = api.events('/api/events', AbortSignal.any([signal, leaving.signal]));
  if ((await events.next()).done) throw new OwnerGoneError('The stream of events ended.');
  const waiting = new Map<number, Set<() => void>>();
  const ended = pump(events, (news) => {
    onNews(news);
    if (news.type !== 'settled' || !awaitsPerson(news.status, news.pausedBy)) return;
    for (const wake of waiting.get(news.jobId) ?? []) wake();
    waiting.delete(news.jobId);
  });
  // Whoever waits for a job, or for this, is told; nobody else has to listen.
  ended.catch(() => undefined);
  return {
    ended,
    close: () => leaving.abort(),
    async rested(jobId) {
      for (;;) {
        const told = new Promise<void>((resolve) => {
          const wakes = waiting.get(jobId) ?? new Set();
          waiting.set(jobId, wakes.add(resolve));
        });
        const { status, pausedBy } = await api.get<JobState>(`/api/jobs/${jobId}/state`, signal);
        if (awaitsPerson(status, pausedBy)) return await api.get<JobView>(`/api/jobs/${jobId}`, signal);
        await Promise.race([told, ended]);
      }
    },
  };
}

async function pump(events: AsyncGenerator<{ data: unknown }>, onNews: (news: Announcement) => void): Promise<never> {
  for await (const { data } of events) onNews(data as Announcement);
  throw new OwnerGoneError('The stream of events ended.');
}
