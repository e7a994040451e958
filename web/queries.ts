/** What the page keeps of the API's answers: under which key, and how it is asked. `live.ts` says when a copy is old. */
import { QueryClient, queryOptions } from '@tanstack/react-query';
import type { Job, JobDetails, Models, Queue, ServiceFacts, Session } from './api-types.ts';
import { get, UnreachableError } from './client.ts';

/** How often a service that does not answer is asked again. */
const RETRY_MS = 1_000;

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      // What happens is told live; a copy grows old only when the stream says so.
      staleTime: Number.POSITIVE_INFINITY,
      // A service that is being started anew answers again soon; what it refused it refuses again.
      retry: (_count, error) => error instanceof UnreachableError,
      retryDelay: RETRY_MS,
      refetchOnWindowFocus: false,
      // The service is usually on this very machine, whatever the browser thinks of the network.
      networkMode: 'always',
    },
    mutations: { networkMode: 'always' },
  },
});

export const keys = {
  session: ['session'] as const,
  queue: ['queue'] as const,
  /** All lists of jobs, whatever their filters: `[...keys.jobs, filters]`. */
  jobs: ['jobs'] as const,
  job: (id: number) => ['job', id] as const,
  /** What belongs to a job and changes with it: `[...keys.job(id), 'details']`. */
  details: (id: number) => ['job', id, 'details'] as const,
  models: ['models'] as const,
  service: ['service'] as const,
};

export const sessionQuery = queryOptions({
  queryKey: keys.session,
  queryFn: ({ signal }) => get<Session>('/api/session', signal),
});

export const queueQuery = queryOptions({
  queryKey: keys.queue,
  queryFn: ({ signal }) => get<Queue>('/api/queue', signal),
});

export function jobQuery(id: number) {
  return queryOptions({
    queryKey: keys.job(id),
    queryFn: ({ signal }) => get<Job>(`/api/jobs/${id}`, signal),
  });
}

export function detailsQuery(id: number) {
  return queryOptions({
    queryKey: keys.details(id),
    queryFn: ({ signal }) => get<JobDetails>(`/api/jobs/${id}/details`, signal),
  });
}

export const modelsQuery = queryOptions({
  queryKey: keys.models,
  queryFn: ({ signal }) => get<Models>('/api/models', signal),
});

export const serviceQuery = queryOptions({
  queryKey: keys.service,
  queryFn: ({ signal }) => get<ServiceFacts>('/api/service', signal),
});
