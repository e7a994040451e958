/** The server that answers over TCP, over a real store. */
import { randomUUID, scryptSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance, InjectOptions } from 'fastify';
import { onTestFinished } from 'vitest';
import { buildNetworkServer, type NetworkOptions } from '../../src/api/network.ts';
import type { ServiceContext } from '../../src/api/service.ts';
import type { Scope } from '../../src/domain/scope.ts';
import { forgetCredentials } from '../../src/jobs/credentials.ts';
import { addKey } from '../../src/jobs/keys.ts';
import { keyOf } from '../../src/jobs/names.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { insertUser } from '../../src/store/users.ts';
import { type TestClock, testClock } from '../store/support.ts';
import { apiContext } from './api-context.ts';

export const PASSWORD = 'correct horse battery staple';

export interface Guarded {
  server: FastifyInstance;
  dataDir: string;
  store: Store;
  clock: TestClock;
  /** Every stop that was asked for, with whose wish it was. */
  stops: unknown[][];
}

/** A service that has no model. */
const SERVICE: ServiceContext = {
  facts: async () => ({
    ...{ command: 'serve', version: '0.0.0', since: new Date(0).toISOString(), address: null, takesJobs: true },
    ...{
      process: { pid: 1, startTime: '0', bootId: null },
      stopping: false,
      memoryBytes: 0,
      jobs: { running: 0, waiting: 0 },
    },
  }),
  obstacles: async () => [
    {
      code: 'no_engine',
      kind: 'model',
      message: 'There is no model in /srv/models.',
      remedy: 'Run: longhand models pull base',
    },
  ],
  metrics: async () => '',
  note: () => undefined,
};

/** The server of a new data folder; nothing listens yet. */
export async function guarded(options: NetworkOptions = {}): Promise<Guarded> {
  const dataDir = mkdtempSync(join(tmpdir(), 'doors-'));
  const clock = testClock();
  const store = await openStore({ file: join(dataDir, 'longhand.db'), clock });
  const stops: unknown[][] = [];
  const context = apiContext(store, dataDir, {
    unwant: (...stop) => stops.push(stop) > 0,
    service: SERVICE,
    notifications: { mailIsSetUp: false, objectionTo: () => undefined, tryOnce: async () => undefined },
  });
  const server = await buildNetworkServer(context, options);
  onTestFinished(async () => {
    await server.close();
    await store.close();
    rmSync(dataDir, { recursive: true, force: true });
  });
  await server.ready();
  return { server, dataDir, store, clock, stops };
}

/** Headers of a new key. */
export async function keyed(
  { store }: Guarded,
  name: string,
  scope: Scope,
  user?: string,
): Promise<{ authorization: string }> {
  const { key } = await addKey(store, { name, scope, user });
  return { authorization: `Bearer ${key}` };
}

/** What is kept of the password, of the least cost that there is. */
const KEPT = `scrypt$2$1$1$AA$${scryptSync(PASSWORD, Buffer.from('AA', 'base64url'), 32, { N: 2, r: 1, p: 1 }).toString('base64url')}`;

/** A new user, by the id that jobs carry. */
export async function user({ store }: Guarded, name: string): Promise<string> {
  const row = { id: randomUUID(), name, name_key: keyOf(name), password: KEPT, admin: false };
  const made = await insertUser(store, row, 'user');
  forgetCredentials(store);
  return made?.id ?? '';
}

/** Signs in. @returns the answer, and the cookie as a browser sends it back */
export async function signedIn({ server }: Guarded, body: object, more: InjectOptions = {}) {
  const response = await server.inject({ method: 'POST', url: '/api/session', body, ...more });
  const [cookie] = response.cookies;
  return { response, cookie: cookie ? `${cookie.name}=${cookie.value}` : '' };
}

export interface Route {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  url: string;
}

/** Every route that the server has, from the tree that the framework draws. */
export function routesOf(server: FastifyInstance): Route[] {
  const above: string[] = [];
  return server
    .printRoutes({ commonPrefix: false })
    .split('\n')
    .flatMap((line) => {
      const [, indent = '', part = '', methods = ''] = /^(.*?)[├└]── (\S+) \(([A-Z, ]+)\)/.exec(line) ?? [];
      if (part === '') return [];
      above.splice(indent.length / 4, above.length, part);
      return methods.split(', ').map((method) => ({ method: method as Route['method'], url: above.join('') }));
    })
    .filter(({ method }) => !['HEAD', 'OPTIONS', 'TRACE'].includes(method));
}
