import { type Announcement, type ApiClient, OwnerGoneError } from '../api/client.ts';
import { awaitsPerson } from '../domain/job.ts';
import type { ProgressReport } from '../pipeline/progress.ts';

export interface FollowOptions {
  onProgress(progress: ProgressReport): void;
  /** Its abort asks `stop` to stop the job, and the following ends when the job has stopped. */
  signal: AbortSignal | undefined;
  /** @returns whether the job is being worked on and was asked to stop */
  stop(): Promise<boolean>;
}

/**
 * Follows a job until it comes to rest.
 * @throws the signal's reason, once the job has stopped; OwnerGoneError when the owner ended before that
 */
export async function follow(api: ApiClient, id: number, { onProgress, signal, stop }: FollowOptions): Promise<void> {
  const leave = new AbortController();
  const giveUp = () => {
    stop().then(
      (stopping) => stopping || leave.abort(signal?.reason),
      // With its owner gone the job is at its checkpoint already.
      (error) => leave.abort(error instanceof OwnerGoneError ? signal?.reason : error),
    );
  };
  signal?.addEventListener('abort', giveUp, { once: true });
  if (signal?.aborted) giveUp();
  try {
    for await (const { data } of api.events(`/api/jobs/${id}/events`, leave.signal)) {
      const news = data as Announcement;
      if (news.type === 'progress') onProgress(news.progress);
      const isWhereItStands = news.type === 'settled' || (news.type === 'state' && news.id === undefined);
      if (!isWhereItStands) continue;
      if (signal?.aborted && news.status !== 'processing') throw signal.reason;
      if (awaitsPerson(news.status, news.pausedBy)) return;
    }
  } finally {
    signal?.removeEventListener('abort', giveUp);
  }
  throw new OwnerGoneError('The stream of events ended.');
}
