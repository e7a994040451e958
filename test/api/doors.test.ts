import { describe, expect, test } from 'vitest';
import { revokeKey } from '../../src/jobs/keys.ts';
import { type Asking, mayTouch } from '../../src/jobs/ownership.ts';
import { removeUser } from '../../src/jobs/users.ts';
import { listEvents } from '../../src/store/events.ts';
import { submit, working } from '../store/support.ts';
import { type Guarded, guarded, keyed, PASSWORD, type Route, routesOf, signedIn, user } from './doors-support.ts';

/** All that is open to somebody who says nothing, once there is a user or a key. */
const OPEN = [
  'GET /livez',
  'GET /readyz',
  'GET /api/session',
  'POST /api/session',
  'DELETE /api/session',
  // The pages that show the document; the document itself needs the scope read.
  'GET /api/docs',
  'GET /api/docs/',
  'GET /api/docs/static/index.html',
  'GET /api/docs/static/swagger-initializer.js',
  // The page, which holds nothing of anybody.
  'GET /',
  'GET /history',
  'GET /settings',
  'GET /icon.svg',
  'GET /theme.js',
];

/** All that admins alone may do, beside looking. */
const FOR_ADMINS = [
  'POST /api/queue/pause',
  'POST /api/queue/resume',
  'GET /api/users',
  'POST /api/users',
  'DELETE /api/users/:name',
  'POST /api/users/:name/password',
  'GET /api/keys',
  'POST /api/keys',
  'DELETE /api/keys/:name',
  'POST /api/watched/new',
  'GET /api/watched/results',
  'POST /api/watched/told',
  'POST /api/cleanup',
  'GET /api/settings',
  'PATCH /api/settings',
  'GET /api/doctor',
  'GET /api/backups',
  'POST /api/backups',
  'GET /api/storage',
  'POST /api/models',
  'DELETE /api/models/:name',
  'DELETE /api/models/pulls/:name',
];

const named = ({ method, url }: Route) => `${method} ${url}`;

/** Asks with a number that no job has, and without a body, so that nothing is done. */
async function statusOf({ server }: Guarded, { method, url }: Route, headers = {}): Promise<number> {
  const path = url.replace(':id', '99').replace(':name', 'nobody');
  return (await server.inject({ method, url: path, headers })).statusCode;
}

describe('who comes in', () => {
  test('without users and keys everybody on this machine is the user', async () => {
    const { server } = await guarded();
    expect((await server.inject('/api/jobs')).json()).toEqual({ jobs: [], nextCursor: null });
    expect((await server.inject('/api/session')).json()).toEqual({
      needed: 'nothing',
      caller: { name: 'user', scope: 'admin', by: 'open' },
    });
  });

  test.each([
    ['another machine', { remoteAddress: '192.0.2.7' }],
    ['behind a proxy on this machine', { headers: { 'x-forwarded-for': '192.0.2.7' } }],
    ['by a name of others', { headers: { host: 'transcribe.example.org' } }],
  ])('but nobody from %s', async (_, from) => {
    const { server } = await guarded({ allowedHosts: ['transcribe.example.org'] });
    const response = await server.inject({ url: '/api/jobs', ...from });
    expect(response.json()).toMatchObject({ status: 403, code: 'only_from_here', remedy: /users add/ });
    expect((await server.inject({ url: '/api/session', ...from })).json()).toMatchObject({ caller: null });
  });

  test('with a key, no route is open but those that must be', async () => {
    const here = await guarded();
    await keyed(here, 'one', 'read');
    const routes = routesOf(here.server);
    expect(routes.length).toBeGreaterThan(30);
    const open: string[] = [];
    for (const route of routes) if ((await statusOf(here, route)) !== 401) open.push(named(route));
    expect(open.sort()).toEqual([...OPEN].sort());
    const refused = await here.server.inject('/api/jobs');
    expect(refused.json()).toMatchObject({ status: 401, code: 'not_signed_in', remedy: /Bearer/ });
    expect(refused.headers['www-authenticate']).toMatch(/^Bearer /);
    expect((await here.server.inject('/api/nothing')).statusCode).toBe(401);
  });

  test('whether work can be taken is told to everybody, and why not in full to who may know', async () => {
    const here = await guarded();
    expect((await here.server.inject('/readyz')).json()).toMatchObject({
      detail: /srv.models/,
      remedy: /models pull/,
    });
    const headers = await keyed(here, 'one', 'read');
    expect((await here.server.inject({ url: '/readyz', headers })).json()).toMatchObject({ detail: /srv.models/ });
    const short = await here.server.inject('/readyz');
    expect(short.json()).toEqual({
      ...{ type: 'about:blank', title: 'model', status: 503, code: 'no_engine', detail: 'No recogniser can be used.' },
    });
  });

  test.each(['Bearer lh_wrong', `Bearer lh_${'a'.repeat(43)}`, 'Basic YTpi', 'Bearer'])(
    '%s is refused',
    async (authorization) => {
      const here = await guarded();
      await keyed(here, 'one', 'read');
      const response = await here.server.inject({ url: '/api/jobs', headers: { authorization } });
      expect(response.json()).toMatchObject({ status: 401, code: 'invalid_credentials' });
      expect(response.headers['www-authenticate']).toMatch(/error="invalid_token"/);
    },
  );

  test('a key opens what its scope says', async () => {
    const here = await guarded();
    const [read, write, admin] = [
      await keyed(here, 'r', 'read'),
      await keyed(here, 'w', 'write'),
      await keyed(here, 'a', 'admin'),
    ];
    const refused = { read: [] as string[], write: [] as string[], admin: [] as string[] };
    for (const route of routesOf(here.server)) {
      // A stream has no end.
      if (route.url === '/api/events') continue;
      if ((await statusOf(here, route, read)) === 403) refused.read.push(named(route));
      if ((await statusOf(here, route, write)) === 403) refused.write.push(named(route));
      if ((await statusOf(here, route, admin)) === 403) refused.admin.push(named(route));
    }
    expect(refused.admin).toEqual([]);
    expect(refused.write.sort()).toEqual([...FOR_ADMINS].sort());
    const changing = routesOf(here.server)
      .filter(({ method }) => method !== 'GET')
      .map(named);
    const both = new Set([...FOR_ADMINS, ...changing.filter((route) => !OPEN.includes(route))]);
    expect(refused.read.sort()).toEqual([...both].sort());
  });

  test('a key that is revoked opens nothing from then on; its use is kept to the minute', async () => {
    const here = await guarded();
    const { server, store, clock } = here;
    const headers = await keyed(here, 'one', 'admin');
    await keyed(here, 'other', 'read');
    const lastUse = async () => (await server.inject({ url: '/api/keys', headers })).json().keys[0].lastUsedAt;
    const first = await lastUse();
    expect(first).toBe(new Date(clock.now()).toISOString());
    clock.advance(59_000);
    expect(await lastUse()).toBe(first);
    clock.advance(1_000);
    expect(await lastUse()).not.toBe(first);
    await revokeKey(store, 'one');
    expect((await server.inject({ url: '/api/keys', headers })).statusCode).toBe(401);
  });

  test('neither keys nor passwords are in the database or in an answer', async () => {
    const here = await guarded();
    await user(here, 'anna');
    const { authorization } = await keyed(here, 'one', 'admin');
    const { cookie } = await signedIn(here, { password: PASSWORD });
    const answers = await Promise.all(
      ['/api/users', '/api/keys', '/api/session', '/api/audit'].map((url) =>
        here.server.inject({ url, headers: { authorization } }),
      ),
    );
    const rows = [
      await here.store.db.selectFrom('users').selectAll().execute(),
      await here.store.db.selectFrom('api_keys').selectAll().execute(),
      await here.store.db.selectFrom('sessions').selectAll().execute(),
      await listEvents(here.store),
    ];
    const all = JSON.stringify([answers.map(({ body }) => body), rows]);
    expect(all).toContain('anna');
    for (const secret of [PASSWORD, authorization.slice('Bearer '.length), cookie.split('=')[1] as string]) {
      expect(all).not.toContain(secret);
    }
    expect(JSON.stringify(answers.map(({ body }) => body))).not.toContain('scrypt');
  });
});

describe('whose a job is', () => {
  /** An admin, two users with a job each, and a job of before there were users. */
  async function three() {
    const here = await guarded();
    await user(here, 'anna');
    const [ben, carla] = [await user(here, 'ben'), await user(here, 'carla')];
    const [bens, carlas, old] = [
      await submit(here.store, { userId: ben, filename: 'ben.wav' }),
      await submit(here.store, { userId: carla, filename: 'carla.wav' }),
      await submit(here.store, { filename: 'old.wav' }),
    ];
    return { here, ben, carla, bens, carlas, old, asBen: await keyed(here, 'bens', 'write', 'ben') };
  }

  test('nobody else sees or touches it, on any route that names one', async () => {
    const { here, bens, carlas, old, asBen } = await three();
    const routes = routesOf(here.server).filter(({ url }) => /\/(jobs|transcription)\/:id/.test(url));
    expect(routes.length).toBeGreaterThan(12);
    for (const { method, url } of routes) {
      for (const id of [carlas, old]) {
        const response = await here.server.inject({ method, url: url.replace(':id', String(id)), headers: asBen });
        expect({ method, url, ...response.json() }).toMatchObject({
          ...{ method, url, status: 404, code: 'job_not_found', detail: `There is no job ${id}.` },
        });
      }
    }
    expect(here.stops).toEqual([]);
    expect((await here.server.inject({ url: `/api/jobs/${bens}`, headers: asBen })).json()).toMatchObject({ id: bens });
    for (const id of ['abc', '1e3', '0x1', '-1', '%20']) {
      expect((await here.server.inject({ url: `/api/jobs/${id}`, headers: asBen })).statusCode, id).toBe(400);
    }
    const before = { method: 'POST', url: `/api/jobs/${bens}/move`, headers: asBen, body: { before: carlas } } as const;
    expect((await here.server.inject(before)).json()).toMatchObject({ code: 'job_not_found' });
  });

  test('lists, the queue and the trail tell users of their own', async () => {
    const { here, bens, asBen } = await three();
    const get = async (url: string) => (await here.server.inject({ url, headers: asBen })).json();
    expect((await get('/api/jobs')).jobs).toMatchObject([{ id: bens }]);
    expect(await get('/api/job-ids?status=pending')).toEqual({ ids: [bens] });
    expect(await get('/api/audit')).toMatchObject({ events: [{ job: bens }] });
    const queue = await get('/api/queue');
    expect(queue).toMatchObject({ total: 3, others: { running: 0, waiting: 2 }, waiting: [{ id: bens, position: 1 }] });
    expect(JSON.stringify(queue)).not.toMatch(/carla|old/);
  });

  test('an admin sees all, and so does a key that is nobody’s', async () => {
    const { here, bens, carlas, old } = await three();
    for (const headers of [await keyed(here, 'annas', 'admin', 'anna'), await keyed(here, 'program', 'read')]) {
      const { jobs } = (await here.server.inject({ url: '/api/jobs', headers })).json();
      expect(jobs.map(({ id }: { id: number }) => id)).toEqual([old, carlas, bens]);
    }
  });

  test('is told to whoever filters streams', async () => {
    const { here, ben, bens, carlas } = await three();
    const may = (asking: Asking, id: number) => mayTouch(here.store, asking, id);
    expect([await may({ userId: ben }, bens), await may({ userId: ben }, carlas)]).toEqual([true, false]);
    expect([await may({ userId: ben }, 99), await may({ userId: null }, carlas)]).toEqual([false, true]);
  });

  test('stays known when its user goes, whose keys go along', async () => {
    const { here, bens, asBen } = await three();
    await removeUser(here.store, 'Ben');
    expect((await here.server.inject({ url: '/api/jobs', headers: asBen })).statusCode).toBe(401);
    const headers = await keyed(here, 'a', 'admin');
    expect((await here.server.inject({ url: `/api/jobs/${bens}`, headers })).statusCode).toBe(200);
  });

  test('files of this machine are not for users to name', async () => {
    const { here, asBen } = await three();
    const wish = { path: '/etc/passwd', engine: 'auto', model: 'auto', language: 'auto', processes: 1, workers: 1 };
    const body = { ...wish, preprocessWorkers: 1, overlapSeconds: 0 };
    const response = await here.server.inject({ method: 'POST', url: '/api/jobs', headers: asBen, body });
    expect(response.json()).toMatchObject({ status: 403, code: 'path_not_allowed' });
  });

  test('what is done stands in the trail by the name of who did it', async () => {
    const { here, ben, bens, asBen } = await three();
    const post = (id: number, what: string) =>
      here.server.inject({
        method: 'POST',
        url: `/api/jobs/${id}/${what}`,
        headers: asBen,
        ...(what === 'priority' ? { body: { to: 5 } } : {}),
      });
    await post(bens, 'priority');
    await post(bens, 'pause');
    const { job } = await working(here.store, { userId: ben });
    await post(job.id, 'pause');
    const shown = (await here.server.inject({ url: `/api/jobs/${bens}/details`, headers: asBen })).json();
    expect(shown.pausedBy).toBe('user');
    expect(shown.history.map(({ sentence }: { sentence: string }) => sentence)).toEqual([
      'Submitted by the user.',
      'Priority changed from 0 to 5 by ben.',
      'Paused by ben.',
    ]);
    expect(here.stops.at(-1)).toEqual([job.id, 'pause', undefined, 'ben']);
  });
});
