/** What only a server does: refuse, break, make wait. */
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { sql } from 'kysely';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/domain/clock.ts';
import { NetworkError, reportOf } from '../../src/domain/errors.ts';
import { appendEvent, listEvents } from '../../src/store/events.ts';
import { getJob, transition } from '../../src/store/jobs.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { inTransaction } from '../../src/store/transaction.ts';
import { NO_POSTGRES, type PostgresServer, startPostgres } from '../support/postgres.ts';
import { onPostgres } from './dialects.ts';
import { claim, submit, temporaryFolder, testClock } from './support.ts';

const SECRET = 'hunter2';
/** Roles belong to the server, which other files use too. */
const [reader, one] = [`reader_${process.pid}`, `one_${process.pid}`];

async function openAt(url: string): Promise<Store> {
  const store = await openStore({ url, file: join(temporaryFolder(), 'longhand.db'), clock: testClock() });
  onTestFinished(() => store.close());
  return store;
}

/** What somebody is told who opens this address, every word of it. */
async function told(url: string) {
  const error = await openAt(url).then(
    () => new Error('It could be opened.'),
    (thrown: Error) => thrown,
  );
  const report = reportOf(error);
  expect(JSON.stringify([report.message, report.remedy, report.evidence])).not.toContain(SECRET);
  return report;
}

/** Resolves when a session of that database waits for a lock. The server has no event for that, so it is asked again and again. */
async function waiter(server: PostgresServer, { name }: Store): Promise<void> {
  const waiting = `select pid from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`;
  while ((await server.query(waiting, name.split('/').at(-1))).length === 0) await systemClock.sleep(5);
}

onPostgres((server) => {
  describe('what is wrong is told with what to do, and never with the password', () => {
    const withSecret = (user: string, database: string, port = server.port) =>
      `postgres://${user}:${SECRET}@127.0.0.1:${port}/${database}`;

    test('the address is none', async () => {
      expect(await told(`mysql://u:${SECRET}@host/db`)).toMatchObject({
        kind: 'usage',
        message: 'LONGHAND_DATABASE_URL is not the address of a PostgreSQL database.',
      });
      expect(await told(`postgres://u:${SECRET}@host:port/db`)).toMatchObject({ kind: 'usage' });
    });

    test('the password is wrong, or missing', async () => {
      for (const url of [withSecret('guarded', 'postgres'), server.url('postgres', 'guarded')]) {
        expect(await told(url)).toMatchObject({
          kind: 'usage',
          message: `The server does not let "guarded" use the database postgres://guarded@127.0.0.1:${server.port}/postgres.`,
          remedy: 'Check the user and the password in LONGHAND_DATABASE_URL.',
        });
      }
    });

    test('and whoever is not let in hangs up', { timeout: 30_000 }, async () => {
      const sockets = () => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
      const before = sockets();
      await told(server.url('postgres', 'guarded'));
      // A server waits a minute for the password; Node has no event for the last of its sockets.
      while (sockets() > before) await systemClock.sleep(5);
    });

    test('the user is unknown', async () => {
      expect(await told(withSecret('nobody-here', 'postgres'))).toMatchObject({
        kind: 'usage',
        message: expect.stringContaining('does not let "nobody-here" use'),
      });
    });

    test('the database is not there', async () => {
      expect(await told(withSecret('app', 'absent'))).toMatchObject({
        kind: 'usage',
        message: `There is no database "absent" on the server 127.0.0.1:${server.port}.`,
        remedy: 'Make it there: createdb --encoding=UTF8 --template=template0 absent',
      });
    });

    test('nothing listens there', async () => {
      const port = await closedPort();
      expect(await told(withSecret('app', 'longhand', port))).toMatchObject({
        kind: 'network',
        message: `The server of the database postgres://app@127.0.0.1:${port}/longhand cannot be reached.`,
        remedy: `Is it running at 127.0.0.1:${port}, and is the address right in LONGHAND_DATABASE_URL?`,
      });
    });

    test('what listens there is no PostgreSQL, or hangs up', async () => {
      const port = await listener((socket) => socket.destroy());
      expect(await told(withSecret('app', 'longhand', port))).toMatchObject({ kind: 'network' });
    });

    test('the server does not encrypt', async () => {
      expect(await told(`${withSecret('app', 'postgres')}?sslmode=verify-full`)).toMatchObject({
        kind: 'usage',
        remedy: 'Take sslmode away in LONGHAND_DATABASE_URL.',
      });
    });

    test('the database cannot hold every language', async () => {
      const url = await server.createDatabase({ encoding: 'LATIN1' });
      expect(await told(url)).toMatchObject({ kind: 'usage', message: expect.stringContaining('made for LATIN1') });
    });

    test('the user may not make tables', async () => {
      const url = await server.createDatabase();
      const name = url.split('/').at(-1) as string;
      await server.query('revoke create on schema public from public', name);
      await server.query(`create role ${reader} login`);
      expect(await told(server.url(name, reader))).toMatchObject({
        kind: 'usage',
        message: expect.stringContaining(
          `The user "${reader}" may not do that in the database ${server.url(name, reader)}.`,
        ),
        remedy: expect.stringContaining(`ALTER DATABASE … OWNER TO "${reader}"`),
      });
    });

    test('the database can only be read', async () => {
      const url = await server.createDatabase();
      const name = url.split('/').at(-1) as string;
      await (await openAt(url)).close();
      await server.query(`alter database ${name} set default_transaction_read_only = on`);
      const store = await openAt(url);
      await expect(submit(store)).rejects.toMatchObject({
        kind: 'usage',
        message: `The database ${store.name} can only be read.`,
      });
    });

    test('all connections are taken', async () => {
      const url = await server.createDatabase();
      const name = url.split('/').at(-1) as string;
      await (await openAt(url)).close();
      await server.query(`create role ${one} login connection limit 0`);
      expect(await told(server.url(name, one))).toMatchObject({
        kind: 'network',
        message: expect.stringContaining('takes no more connections'),
      });
    });
  });

  test('an address with the socket’s folder works as well', async () => {
    const url = await server.createDatabase();
    const [row] = await server.query('show unix_socket_directories');
    const folder = row?.unix_socket_directories as string;
    const store = await openAt(`postgres://app@/${url.split('/').at(-1)}?host=${folder}&port=${server.port}`);
    expect(store.name).toBe(`postgres://app@localhost/${url.split('/').at(-1)}`);
    expect(await submit(store)).toBe(1);
  });

  test('every session commits to the disk, sees what is committed, and ends a transaction that stands still', async () => {
    const url = await server.createDatabase();
    const name = url.split('/').at(-1) as string;
    await server.query(`alter database ${name} set synchronous_commit = off`);
    await server.query(`alter database ${name} set default_transaction_isolation = 'serializable'`);
    const { db } = await openAt(url);
    const setting = async (which: string) =>
      (await sql<{ value: string }>`select current_setting(${which}) as value`.execute(db)).rows[0]?.value;
    expect(await setting('synchronous_commit')).toBe('on');
    expect(await setting('transaction_isolation')).toBe('read committed');
    expect(await setting('idle_in_transaction_session_timeout')).toBe('10s');
    expect(await setting('application_name')).toBe('longhand');
  });

  test('a server that waits for others at each commit goes on doing so', async () => {
    const url = await server.createDatabase();
    await server.query(`alter database ${url.split('/').at(-1)} set synchronous_commit = remote_apply`);
    const { db } = await openAt(url);
    const { rows } = await sql<{ value: string }>`select current_setting('synchronous_commit') as value`.execute(db);
    expect(rows).toEqual([{ value: 'remote_apply' }]);
  });

  describe('connections that break', () => {
    test('while nobody asks: the next question gets a new one', async () => {
      const store = await openAt(await server.emptyDatabase());
      await submit(store);
      await endConnections(store);
      expect(await submit(store)).toBe(2);
    });

    test('in the middle of a transaction: nothing of it is left, and it is told', async () => {
      const store = await openAt(await server.emptyDatabase());
      const id = await submit(store);
      const broken = inTransaction(store, async (trx) => {
        await trx.updateTable('transcription_jobs').set({ filename: 'half' }).where('id', '=', id).execute();
        await endConnections(store);
        await trx.updateTable('transcription_jobs').set({ model: 'half' }).where('id', '=', id).execute();
      });
      await expect(broken).rejects.toBeInstanceOf(NetworkError);
      expect(await getJob(store, id)).toMatchObject({ filename: 'interview.flac', model: 'medium' });
    });

    async function endConnections(store: Store): Promise<void> {
      const name = store.name.split('/').at(-1);
      await server.query(`select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`);
    }
  });

  describe('transactions that meet', () => {
    test('of two that lock each other out one gives way, and is done again', async () => {
      const store = await openAt(await server.emptyDatabase());
      const [first, second] = [await submit(store), await submit(store)];
      const tries = new Map<number, number>();
      let arrived = 0;
      let letThrough: () => void = () => undefined;
      const both = new Promise<void>((resolve) => {
        letThrough = resolve;
      });
      const crossing = (one: number, other: number) =>
        inTransaction(store, async (trx) => {
          tries.set(one, (tries.get(one) ?? 0) + 1);
          const touch = (id: number) =>
            trx
              .updateTable('transcription_jobs')
              .set((eb) => ({ priority: eb('priority', '+', 1) }))
              .where('id', '=', id)
              .execute();
          await touch(one);
          arrived += 1;
          if (arrived === 2) letThrough();
          await both;
          await touch(other);
        });
      await Promise.all([crossing(first, second), crossing(second, first)]);
      // Once is usual. What begins again may overtake the one that was let through, and then they lock each other out again.
      expect(Math.max(...tries.values())).toBeGreaterThan(1);
      for (const id of [first, second]) expect(await getJob(store, id)).toMatchObject({ priority: 2 });
    });

    test('one that loses every time is told', async () => {
      const store = await openAt(await server.emptyDatabase());
      let tries = 0;
      const hopeless = inTransaction(store, async (trx) => {
        tries += 1;
        await sql`do $$ begin raise exception 'lost' using errcode = '40001'; end $$`.execute(trx);
      });
      await expect(hopeless).rejects.toMatchObject({
        message: expect.stringMatching(/Somebody else changed the same rows/),
        remedy: 'Try again in a moment.',
      });
      expect(tries).toBe(5);
    });

    test('claimers pass over a job that another is just taking', async () => {
      const store = await openAt(await server.emptyDatabase());
      const [held, free] = [await submit(store, { priority: 9 }), await submit(store)];
      await holding(store, held, async () => {
        expect((await claim(store))?.job.id).toBe(free);
      });
      expect((await claim(store))?.job.id).toBe(held);
    });

    test('a job that another did not take after all is not left lying', async () => {
      const store = await openAt(await server.emptyDatabase());
      const id = await submit(store);
      let claiming: ReturnType<typeof claim> | undefined;
      await holding(store, id, async () => {
        claiming = claim(store);
        await waiter(server, store);
      });
      expect((await claiming)?.job.id).toBe(id);
    });

    test('a job that another did take is not claimed by who waited for it', async () => {
      const store = await openAt(await server.emptyDatabase());
      const id = await submit(store);
      let claiming: ReturnType<typeof claim> | undefined;
      await store.db.transaction().execute(async (trx) => {
        const taken = { status: 'processing', lease_token: 'first' } as const;
        await trx.updateTable('transcription_jobs').set(taken).where('id', '=', id).execute();
        claiming = claim(store);
        await waiter(server, store);
      });
      expect(await claiming).toBeUndefined();
      expect(await getJob(store, id)).toMatchObject({ lease_token: 'first' });
    });

    /** Holds a job's row until the work is done, and lets it go unchanged. */
    async function holding(store: Store, id: number, work: () => Promise<void>): Promise<void> {
      await store.db.transaction().execute(async (trx) => {
        await trx.selectFrom('transcription_jobs').select('id').where('id', '=', id).forUpdate().execute();
        await work();
      });
    }
  });

  test('a reader of all events is never overtaken by one with a lower number', async () => {
    const store = await openAt(await server.emptyDatabase());
    const event = (jobId: number) => ({ jobId, at: 1, type: 'status', actor: 'test' }) as const;
    let reading: ReturnType<typeof listEvents> | undefined;
    await inTransaction(store, async (slow) => {
      await appendEvent(store, slow, event(1));
      // Draws the next number, and commits it first.
      await inTransaction(store, (quick) => appendEvent(store, quick, event(2)));
      reading = listEvents(store);
      await waiter(server, store);
      expect((await listEvents(store, { jobId: 2 })).length).toBe(1);
    });
    expect((await reading)?.map(({ id, job_id }) => [id, job_id])).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });

  test('two who move the same job: one wins, the other finds it moved', async () => {
    const store = await openAt(await server.emptyDatabase());
    const id = await submit(store);
    let second: Promise<boolean> | undefined;
    await store.db.transaction().execute(async (trx) => {
      await trx.updateTable('transcription_jobs').set({ status: 'cancelled' }).where('id', '=', id).execute();
      second = transition(store, id, 'paused', { actor: 'user', reason: 'late' });
      await waiter(server, store);
    });
    expect(await second).toBe(false);
    expect(await getJob(store, id)).toMatchObject({ status: 'cancelled' });
  });
});

describe.skipIf(NO_POSTGRES)('a server that goes', () => {
  test('is told as gone', async () => {
    const server = await startPostgres();
    onTestFinished(() => server.stop());
    await server.query('create database longhand');
    const store = await openAt(server.url('longhand'));
    await submit(store);
    await server.stop();
    await expect(submit(store)).rejects.toMatchObject({
      kind: 'network',
      message: `The server of the database ${store.name} cannot be reached.`,
    });
  });
});

async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function listener(onConnection: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as { port: number }).port;
}
