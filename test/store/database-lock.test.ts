import { hostname } from 'node:os';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/domain/clock.ts';
import { type DatabaseLock, lockDatabase } from '../../src/store/database-lock.ts';
import { type PostgresServer, startPostgres } from '../support/postgres.ts';
import { onPostgres } from './dialects.ts';
import { testClock } from './support.ts';

const WAITING = `select pid from pg_stat_activity where wait_event = 'advisory' and datname = current_database()`;
/** Nobody is about to let go. */
const AT_ONCE_MS = 1;
const BREAK_HOLDER = `select pg_terminate_backend(pid) from pg_locks
  where locktype = 'advisory' and granted and database = (select oid from pg_database where datname = current_database())`;

async function locked(url: string, waitMs?: number): Promise<DatabaseLock> {
  const lock = await lockDatabase({ url, clock: testClock(), ...(waitMs ? { waitMs } : {}) });
  onTestFinished(() => lock.release());
  return lock;
}

/** What a holder hears, and the next of it. */
function listen(lock: DatabaseLock) {
  const heard: string[] = [];
  let wake: () => void = () => undefined;
  const tell = (sentence: string) => {
    heard.push(sentence);
    wake();
  };
  lock.watch({ onProblem: tell, onLost: (error) => tell(`Lost: ${(error as Error).message}`) });
  return {
    heard,
    async said(count: number): Promise<void> {
      while (heard.length < count) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

/** Asks the server again and again; it tells nobody when a session begins to wait. */
async function somebodyWaits(server: PostgresServer, url: string): Promise<void> {
  while ((await server.query(WAITING, nameIn(url))).length === 0) await systemClock.sleep(5);
}

function nameIn(url: string): string {
  return new URL(url).pathname.slice(1);
}

onPostgres((server) => {
  /** Ends the connection of who holds the lock, as a broken network would. */
  const breakHolder = (url: string) => server.query(BREAK_HOLDER, nameIn(url));

  test('who comes second is told who has it, and gets it when it is free', async () => {
    const url = await server.emptyDatabase();
    const first = await locked(url);
    await expect(locked(url, AT_ONCE_MS)).rejects.toMatchObject({
      message: expect.stringMatching(
        `^Another Longhand works with the database ${url} \\(process ${process.pid} on ${hostname()}, since 20.* UTC\\)\\.$`,
      ),
      remedy: expect.stringContaining('end it there'),
    });
    await first.release();
    await first.release();
    await locked(url);
  });

  test('another database on the same server is free', async () => {
    await locked(await server.emptyDatabase());
    await locked(await server.emptyDatabase());
  });

  test('who comes while another is just leaving waits for it', async () => {
    const url = await server.emptyDatabase();
    const first = await locked(url);
    const second = locked(url);
    await somebodyWaits(server, url);
    await first.release();
    await second;
  });

  test('a connection that breaks is told and made again, and the lock is still ours alone', async () => {
    const url = await server.emptyDatabase();
    const lock = await locked(url);
    const { heard, said } = listen(lock);
    for (const round of [1, 2]) {
      await breakHolder(url);
      await said(2 * round);
    }
    expect(heard[0]).toMatch(`The connection that holds the database ${url} was lost (terminating connection`);
    expect(heard[1]).toBe(`The database ${url} is held again.`);
    await expect(locked(url, AT_ONCE_MS)).rejects.toThrow(/Another Longhand works/);
    expect(heard).toHaveLength(4);
  });

  test('who was faster meanwhile keeps it, and the former holder is told so once', async () => {
    const url = await server.emptyDatabase();
    const former = await locked(url, AT_ONCE_MS);
    const waiting = locked(url);
    await somebodyWaits(server, url);
    const { heard, said } = listen(former);
    await breakHolder(url);
    await waiting;
    await said(2);
    expect(heard[1]).toMatch(`Lost: Another Longhand works with the database ${url} (process`);
    await former.release();
    await expect(locked(url, AT_ONCE_MS)).rejects.toThrow(/Another Longhand works/);
    expect(heard).toHaveLength(2);
  });

  test('when the server does not come back, that is told, also to who listens later', async () => {
    const leaving = await startPostgres();
    onTestFinished(() => leaving.stop());
    const lock = await locked(leaving.url('postgres'));
    const { heard, said } = listen(lock);
    await leaving.stop();
    await said(2);
    expect(heard[1]).toMatch(/^Lost: The server of the database .* cannot be reached\.$/);
    const later = listen(lock);
    expect(later.heard).toEqual([heard[1]]);
  });

  test('a database that does not let us in is told as always', async () => {
    await expect(locked(server.url('absent'))).rejects.toMatchObject({
      message: expect.stringContaining('There is no database "absent"'),
    });
  });
});
