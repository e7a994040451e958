/** What the page of a job asks for beyond the job itself. */
import { queryOptions } from '@tanstack/react-query';
import type { JobProcess, JobUsage } from '../../api-types.ts';
import { get } from '../../client.ts';
import { keys } from '../../queries.ts';

/** How often the process is looked at, while the page is to be seen. */
const LOOK_MS = 2_000;

export function processQuery(id: number, isAtWork: boolean) {
  return queryOptions({
    queryKey: [...keys.job(id), 'process'],
    queryFn: ({ signal }) => get<JobProcess>(`/api/jobs/${id}/process`, signal),
    refetchInterval: isAtWork ? LOOK_MS : false,
    enabled: isAtWork,
  });
}

export function usageQuery(id: number) {
  return queryOptions({
    queryKey: [...keys.job(id), 'usage'],
    queryFn: ({ signal }) => get<JobUsage>(`/api/jobs/${id}/usage`, signal),
  });
}
