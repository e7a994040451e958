/** Which jobs are meant by what is done to many. */
import { useCallback, useMemo, useRef, useState } from 'react';
import type { Job } from '../../api-types.ts';

export interface Selection {
  /** The numbers of those that are ticked. */
  ids: ReadonlySet<number>;
  /** Everything that matches the filters, shown or not. */
  all: boolean;
  has(id: number): boolean;
  /** `range`: all between the one that was ticked before and this one, too. */
  toggle(at: number, range: boolean): void;
  /** All that are loaded. */
  loaded(): void;
  /** All that match, also those that are not loaded. */
  everything(): void;
  clear(): void;
  jobs: readonly Job[];
}

export function useSelection(jobs: readonly Job[]): Selection {
  const [ids, setIds] = useState<ReadonlySet<number>>(new Set());
  const [all, setAll] = useState(false);
  const last = useRef<number | undefined>(undefined);

  const toggle = useCallback(
    (at: number, range: boolean) => {
      const job = jobs[at];
      if (!job) return;
      setAll(false);
      setIds((before) => {
        const next = new Set(before);
        const on = !before.has(job.id);
        const from = range && last.current !== undefined ? last.current : at;
        for (const { id } of jobs.slice(Math.min(from, at), Math.max(from, at) + 1)) {
          if (on) next.add(id);
          else next.delete(id);
        }
        return next;
      });
      last.current = at;
    },
    [jobs],
  );

  return useMemo(
    () => ({
      // One that was deleted meanwhile is not meant any more.
      ids: new Set(jobs.filter(({ id }) => ids.has(id)).map(({ id }) => id)),
      all,
      has: (id) => all || ids.has(id),
      toggle,
      loaded: () => {
        setAll(false);
        setIds(new Set(jobs.map(({ id }) => id)));
      },
      everything: () => setAll(true),
      clear: () => {
        setAll(false);
        setIds(new Set());
      },
      jobs,
    }),
    [ids, all, jobs, toggle],
  );
}
