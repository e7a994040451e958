/** What can be done with a job in which state, and doing it. */
import { useMutation } from '@tanstack/react-query';
import type { JobStatus } from '../api-types.ts';
import { ask } from '../client.ts';
import { keys, queryClient } from '../queries.ts';

export type JobAction = 'pause' | 'resume' | 'retry' | 'cancel' | 'priority' | 'delete';

/** The nearest at hand first. The service decides in the end: a job may have moved on meanwhile, and then it says so. */
const POSSIBLE: Readonly<Record<JobStatus, readonly JobAction[]>> = {
  pending: ['pause', 'cancel', 'priority', 'delete'],
  processing: ['pause', 'cancel', 'priority', 'delete'],
  retrying: ['retry', 'cancel', 'delete'],
  paused: ['resume', 'cancel', 'priority', 'delete'],
  completed: ['retry', 'delete'],
  failed: ['retry', 'delete'],
  cancelled: ['retry', 'delete'],
};

export function actionsFor(status: JobStatus): readonly JobAction[] {
  return POSSIBLE[status];
}

/** What an action is told beyond the job. */
export interface ActionOptions {
  /** Of `priority`: higher goes first. */
  to?: number;
  /** Of `retry`: nothing of what was done is kept. */
  fromStart?: boolean;
  /** Of `retry`: this stage again, and what is made of it. */
  stage?: string;
}

/** Does it. @throws ProblemError when the job is in another state by now */
export async function act<Answer>(id: number, action: JobAction, options: ActionOptions = {}): Promise<Answer> {
  const answer =
    action === 'delete'
      ? await ask<Answer>('DELETE', `/api/jobs/${id}`)
      : await ask<Answer>('POST', `/api/jobs/${id}/${action}`, options);
  // The stream tells it too; who did it sees it at once, also when the stream is broken.
  if (action === 'delete') queryClient.removeQueries({ queryKey: keys.job(id) });
  else void queryClient.invalidateQueries({ queryKey: keys.job(id) });
  void queryClient.invalidateQueries({ queryKey: keys.queue });
  return answer;
}

/** An action on a job as a mutation: `mutate('pause')`, `mutate(['retry', { fromStart: true }])`. */
export function useJobAction(id: number) {
  return useMutation<unknown, Error, JobAction | [JobAction, ActionOptions]>({
    mutationFn: (wish) => (Array.isArray(wish) ? act(id, ...wish) : act(id, wish)),
  });
}
