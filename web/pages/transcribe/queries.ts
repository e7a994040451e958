/** What this page asks the API for, beyond what others ask too. All of it is asked again when the queue or a job changes. */
import { queryOptions } from '@tanstack/react-query';
import type { Engines, JobPage, Plan } from '../../api-types.ts';
import { get, withQuery } from '../../client.ts';
import { keys } from '../../queries.ts';

export const DONE_SHOWN = 5;
const STOPPED_SHOWN = 5;
const PAUSED_SHOWN = 50;
/** What failed or was stopped before that is for the history. */
const RECENT_DAYS = 3;

export const doneQuery = list('done', { status: 'completed', limit: DONE_SHOWN });
export const pausedQuery = list('paused', { status: 'paused', sort: 'oldest', limit: PAUSED_SHOWN });
export const stoppedQuery = list('stopped', {
  status: 'failed,cancelled',
  limit: STOPPED_SHOWN,
  from: daysAgo(RECENT_DAYS),
});

function list(name: string, filters: Record<string, string | number>) {
  return queryOptions({
    queryKey: [...keys.jobs, 'transcribe', name],
    queryFn: ({ signal }) => get<JobPage>(withQuery('/api/jobs', filters), signal),
  });
}

function daysAgo(days: number): string {
  return new Date(Date.now() - days * 86_400_000).toISOString();
}

/** What would happen with a recording; it depends on the queue. */
export function planQuery(wanted: Record<string, string>, durationSeconds?: number) {
  const asked = {
    ...wanted,
    ...(durationSeconds === undefined ? {} : { durationSeconds: durationSeconds.toFixed(1) }),
  };
  return queryOptions({
    queryKey: [...keys.queue, 'plan', asked],
    queryFn: ({ signal }) => get<Plan>(withQuery('/api/plan', asked), signal),
  });
}

/** The engines, and whether each can be used. */
export const enginesQuery = queryOptions({
  queryKey: [...keys.models, 'engines'],
  queryFn: ({ signal }) => get<Engines>('/api/engines', signal),
});
