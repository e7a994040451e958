/**
 * The list as it is loaded: a page at a time, kept as it is while somebody reads it.
 *
 * What happens to jobs that are shown is looked up one by one and put in their place; those that are new are counted, so that
 * nothing jumps under the reader's eyes.
 */
import { type InfiniteData, useInfiniteQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { Job, JobPage } from '../../api-types.ts';
import { get, ProblemError, withQuery } from '../../client.ts';
import { live } from '../../live.ts';
import { queryClient } from '../../queries.ts';
import { filterOf, type Search } from './search.ts';

const PAGE = 100;
/** What happens within this time is looked up together. */
const GATHER_MS = 200;
/** More jobs than these are not looked up one by one: the list is loaded anew. */
const MOST_AT_ONCE = 40;

type Pages = InfiniteData<JobPage, string>;

export function useJobList(search: Search) {
  const filter = useMemo(() => ({ ...filterOf(search), sort: search.sort }), [search]);
  const key = useMemo(() => ['job-list', filter], [filter]);
  // Counted for one list; another one begins at none.
  const [counted, setCounted] = useState({ key, count: 0 });
  const fresh = counted.key === key ? counted.count : 0;
  const query = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam, signal }) =>
      get<JobPage>(withQuery('/api/jobs', { ...filter, limit: PAGE, cursor: pageParam }), signal),
    initialPageParam: '',
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
    // Whoever comes back sees how things are now.
    staleTime: 0,
    gcTime: 60_000,
  });
  const jobs = useMemo(() => (query.data?.pages ?? []).flatMap((page) => page.jobs), [query.data]);

  /** From the first page on, with all that is new. */
  const reload = useCallback(async () => {
    setCounted({ key, count: 0 });
    queryClient.setQueryData<Pages>(key, (data) => data && firstOf(data));
    await queryClient.invalidateQueries({ queryKey: key });
  }, [key]);

  useChanges(
    useCallback(
      async ({ ids, deleted }: Changes) => {
        if (deleted.size > 0) queryClient.setQueryData<Pages>(key, (data) => data && without(data, deleted));
        if (ids.size === 0) return;
        const shown = new Set(
          queryClient.getQueryData<Pages>(key)?.pages.flatMap(({ jobs }) => jobs.map(({ id }) => id)),
        );
        const known = [...ids].filter((id) => shown.has(id));
        if (shown.size < PAGE || known.length > MOST_AT_ONCE) {
          // A list that fits on a page is cheaper to ask for than to patch, and nobody has scrolled far in it.
          await queryClient.invalidateQueries({ queryKey: key });
          return;
        }
        const changed = new Map(await Promise.all(known.map(async (id) => [id, await jobOrGone(id)] as const)));
        queryClient.setQueryData<Pages>(key, (data) => data && withChanged(data, changed));
        const unknown = [...ids].filter((id) => !shown.has(id)).length;
        setCounted((before) => ({ key, count: (before.key === key ? before.count : 0) + unknown }));
      },
      [key],
    ),
  );
  return { ...query, jobs, fresh, reload };
}

function firstOf({ pages, pageParams }: Pages): Pages {
  return { pages: pages.slice(0, 1), pageParams: pageParams.slice(0, 1) };
}

function withChanged({ pages, pageParams }: Pages, changed: ReadonlyMap<number, Job | undefined>): Pages {
  const patched = pages.map((page) => ({
    ...page,
    jobs: page.jobs.flatMap((job) => {
      if (!changed.has(job.id)) return [job];
      const now = changed.get(job.id);
      return now ? [now] : [];
    }),
  }));
  return { pages: patched, pageParams };
}

async function jobOrGone(id: number): Promise<Job | undefined> {
  try {
    return await get<Job>(`/api/jobs/${id}`);
  } catch (error) {
    if (error instanceof ProblemError && error.status === 404) return undefined;
    throw error;
  }
}

function without({ pages, pageParams }: Pages, ids: ReadonlySet<number>): Pages {
  return { pages: pages.map((page) => ({ ...page, jobs: page.jobs.filter(({ id }) => !ids.has(id)) })), pageParams };
}

interface Changes {
  /** Jobs to which something has happened. */
  ids: ReadonlySet<number>;
  /** Jobs that are no more. */
  deleted: ReadonlySet<number>;
}

/** Calls with what has happened, some of it at a time. */
function useChanges(onChanges: (changes: Changes) => Promise<void>): void {
  const latest = useRef(onChanges);
  latest.current = onChanges;
  useEffect(() => {
    let ids = new Set<number>();
    let deleted = new Set<number>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const tell = () => {
      timer = undefined;
      const changes = { ids, deleted };
      [ids, deleted] = [new Set(), new Set()];
      // A service that is away is asked again when it is back: then everything is.
      void latest.current(changes).catch(() => undefined);
    };
    const hear = (data: unknown) => {
      const { type, jobId } = data as { type: string; jobId?: number | null };
      if (typeof jobId !== 'number') return;
      if (type === 'deleted') {
        ids.delete(jobId);
        deleted.add(jobId);
      } else ids.add(jobId);
      timer ??= setTimeout(tell, GATHER_MS);
    };
    const ends = ['submitted', 'state', 'changed', 'deleted', 'length'].map((name) => live.on(name, hear));
    return () => {
      clearTimeout(timer);
      for (const end of ends) end();
    };
  }, []);
}
