/** What each route needs. Nothing is forgotten open: a route of which nothing is said here needs what its method says. */
import type { HTTPMethods } from 'fastify';
import type { Scope } from '../../domain/scope.ts';
import { PAGE_ROUTES } from '../page.ts';

/** `open`: to everybody, also to who has said nothing. */
export type RouteScope = Scope | 'open';

/** Methods and routes as they are declared; `*` for any method, `/*` at the end for all below and the route itself. */
const RULES: readonly [scope: RouteScope, methods: string, ...routes: string[]][] = [
  ['open', 'GET', '/livez', '/readyz'],
  ['open', '*', '/api/session'],
  // The page, which asks for everything it shows.
  ['open', 'GET', ...PAGE_ROUTES],
  // The page that shows the document; the document itself needs the scope read.
  ['open', 'GET', '/api/docs', '/api/docs/', '/api/docs/static/*'],
  ['admin', '*', '/api/users/*', '/api/keys/*', '/api/settings/*', '/api/cleanup/*'],
  ['admin', '*', '/api/doctor/*', '/api/backups/*', '/api/storage/*'],
  ['admin', 'POST PUT PATCH DELETE', '/api/models/*', '/api/queue/*'],
  // Folders of this machine.
  ['admin', '*', '/api/watched/*'],
];

/** What a route needs. */
export function scopeOf(method: HTTPMethods | string, route: string): RouteScope {
  // A route that Fastify makes for HEAD is the one for GET.
  const as = method === 'HEAD' ? 'GET' : method;
  const rule = RULES.find(
    ([, methods, ...routes]) =>
      (methods === '*' || methods.split(' ').includes(as)) && routes.some((pattern) => covers(pattern, route)),
  );
  if (rule) return rule[0];
  return as === 'GET' || as === 'OPTIONS' ? 'read' : 'write';
}

function covers(pattern: string, route: string): boolean {
  if (!pattern.endsWith('/*')) return pattern === route;
  const base = pattern.slice(0, -2);
  return route === base || route.startsWith(`${base}/`);
}
