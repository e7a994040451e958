/** Who asks: what a request may do, and by which name it stands in the trail of changes. */
import type {} from 'fastify';
import type { Scope } from '../domain/scope.ts';

export { SCOPES, type Scope } from '../domain/scope.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set before any handler runs. */
    caller: Caller;
  }
}

export interface Caller {
  /** As it stands in the events: `user`, or the name of one of several users. */
  actor: string;
  /** Whose jobs are made and seen; null: there is but one user, or it is the owner of the data folder, who sees all. */
  userId: string | null;
  scope: Scope;
  /** Over the socket in the data folder: whoever opens that may read the files of this account anyway. */
  local: boolean;
}

/** The account that Longhand runs as, over the socket in its data folder. */
export const LOCAL_OWNER: Caller = { actor: 'user', userId: null, scope: 'admin', local: true };
