/** Where a recording lies on this machine is for those who may go there: admins, and the account itself. */
import { basename } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { getJob } from '../store/jobs.ts';
import type { ApiContext } from './context.ts';

const ROUTE_OF_JOBS = /^\/api\/jobs(\/:id(\/.+)?)?$/;
/** Fields that are nothing but a path of this machine. */
const PATH_FIELDS = new Set(['path', 'log']);

/** For all routes of jobs that the server gets from here on: others are told the names of files alone. */
export function hidePaths(server: FastifyInstance, { store, dataDir }: ApiContext): void {
  // Told by a callback: those who may see all, which is nearly everybody, wait for nothing.
  server.addHook('preSerialization', (request, reply, payload, done) => {
    const { caller, routeOptions, params } = request;
    const url = routeOptions.url ?? '';
    if (caller.local || caller.scope === 'admin' || reply.statusCode >= 400 || !ROUTE_OF_JOBS.test(url)) {
      return done(null, payload);
    }
    const { id } = params as { id?: number };
    hidden(payload, id).then((shown) => done(null, shown), done);
  });

  async function hidden(payload: unknown, id: number | undefined): Promise<unknown> {
    const job = id === undefined ? undefined : await getJob(store, id);
    const recording = job?.original_path ?? undefined;
    const inWords = (text: string) => {
      const named = recording === undefined ? text : text.replaceAll(recording, basename(recording));
      return named.replaceAll(`${dataDir}/`, '');
    };
    return without(payload, inWords);
  }
}

function without(value: unknown, inWords: (text: string) => string): unknown {
  if (typeof value === 'string') return inWords(value);
  if (Array.isArray(value)) return value.map((one) => without(one, inWords));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [
      name,
      PATH_FIELDS.has(name) && typeof one === 'string' && one.startsWith('/') ? null : without(one, inWords),
    ]),
  );
}
