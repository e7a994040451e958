import { scopeOf } from './scopes.ts';

/** What the doors must know of a route. */
export interface RouteNeeds {
  scope: ReturnType<typeof scopeOf>;
  /** What the route calls the number of its job, where it has one. */
  job: string | undefined;
}

/** Routes of a job and what they call its number: `/api/jobs/:id/…`, `/api/transcription/:id/…`. */
const ROUTE_OF_JOB = /\/(?:jobs|transcription)\/:(\w+)/;

/** By method, then by route. As many as there are: the routes are as they were declared, never as they were asked for. */
const known = new Map<string, Map<string, RouteNeeds>>();

/** What a route needs, which stays the same for as long as the program runs. */
export function needsOf(method: string, route: string): RouteNeeds {
  let routes = known.get(method);
  if (!routes) {
    routes = new Map();
    known.set(method, routes);
  }
  let needs = routes.get(route);
  if (!needs) {
    needs = { scope: scopeOf(method, route), job: ROUTE_OF_JOB.exec(route)?.[1] };
    routes.set(route, needs);
  }
  return needs;
}
