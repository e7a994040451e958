import type { ApiClient } from '../api/client.ts';
import { LonghandError } from '../domain/errors.ts';
import { awaitsPerson } from '../domain/job.ts';
import type { JobView } from '../jobs/view.ts';
import type { JobState } from './follow-jobs.ts';

/** A job that is to be seen through. */
export interface Task {
  /** Hands it in, or finds it, and announces it. Called once, unless the owner goes away meanwhile. */
  begin(api: ApiClient): Promise<Begun>;
}

export interface Begun {
  /** The job's number. */
  id: number;
  /** Its text is there already: it takes no work. */
  known?: boolean;
}

export interface WorkOptions<T extends Task> {
  /** Results are given in the order of the tasks, and not as they come. */
  inOrder: boolean;
  /** That the first one is refused says nothing about the others. */
  apart?: boolean;
  /** Called for each job that came to rest, one at a time. */
  onResult(job: JobView, api: ApiClient, task: T): Promise<void>;
  /** Called when one of several could not be handed in, or its result not be given; the others go on. */
  onRefused(error: unknown, task: T): void;
  /** Sentence for the user who stopped before the end. */
  onStopped(ids: number[], notHandedIn: number): void;
}

/** The owner that had it is gone; this one shall go on with it, unless it came to its end there. */
export async function goOn(api: ApiClient, id: number): Promise<void> {
  const { status, pausedBy } = await api.get<JobState>(`/api/jobs/${id}/state`);
  if (awaitsPerson(status, pausedBy)) return;
  await api.post(`/api/jobs/${id}/resume`).catch((error) => {
    // It was completed just now: following it tells so.
    if (!(error instanceof LonghandError) || error.kind !== 'usage') throw error;
  });
}
