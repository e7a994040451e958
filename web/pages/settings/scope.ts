import { useQuery } from '@tanstack/react-query';
import type { Scope, Session } from '../../api-types.ts';
import { sessionQuery } from '../../queries.ts';

/** What whoever looks at the page may do. */
export function useScope(): Scope {
  return useCaller()?.scope ?? 'read';
}

/** Who looks at the page. */
export function useCaller(): Session['caller'] | undefined {
  return useQuery(sessionQuery).data?.caller;
}

const RANK: Readonly<Record<Scope, number>> = { read: 0, write: 1, admin: 2 };

/** Whether who may do `given` may do `needed`. */
export function mayDo(given: Scope, needed: Scope): boolean {
  return RANK[given] >= RANK[needed];
}
