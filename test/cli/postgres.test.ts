import { readdirSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/domain/clock.ts';
import { lockDatabase } from '../../src/store/database-lock.ts';
import { BRIEF_CHUNKS, briefFile, eventually, SHORT_CHUNKS, type Shown, STORY } from '../chaos/support.ts';
import { type Finished, Home } from '../support/cli.ts';
import { NO_POSTGRES, postgresInTests } from '../support/postgres.ts';
import { GUARDED } from '../support/postgres-process.ts';
import { speak } from '../support/speech.ts';

const SECRET = GUARDED.password;

const WAITING = `select pid from pg_stat_activity where wait_event = 'advisory' and datname = current_database()`;
const BREAK_HOLDER = `select pg_terminate_backend(pid) from pg_locks
  where locktype = 'advisory' and granted and database = (select oid from pg_database where datname = current_database())`;

interface Report {
  status: string;
  database: { state: string; found?: { jobs: number; bytes: number; version: string } };
}

function lineOf({ stdout }: Finished, name: string): string {
  return stdout.split('\n').find((line) => line.slice(3).startsWith(`${name}  `)) ?? `no line of ${name}`;
}

/** Everything that is in a folder, as one text. */
function everythingIn(folder: string): string {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'latin1')).join('\n');
}

describe.skipIf(NO_POSTGRES)(NO_POSTGRES ?? 'with the database on PostgreSQL', () => {
  const server = postgresInTests();
  /** The address of an empty database of a user who needs a password. */
  async function newDatabase(): Promise<{ url: string; name: string }> {
    const { pathname, host } = new URL(await server.createDatabase());
    await server.query(`alter database ${pathname.slice(1)} owner to guarded`);
    return { url: `postgres://guarded:${SECRET}@${host}${pathname}`, name: `postgres://guarded@${host}${pathname}` };
  }

  test('a job survives kill -9 of its owner; one Longhand at a time works; nobody is told the password', async () => {
    const { url, name } = await newDatabase();
    const [home, other] = [new Home({ LONGHAND_DATABASE_URL: url }), new Home({ LONGHAND_DATABASE_URL: url })];
    const running = home.start(['transcribe', ...BRIEF_CHUNKS, await briefFile()]);
    await running.said(/Processing chunk 2\//);

    // It stands still, and holds the database all the same.
    running.signal('SIGSTOP');
    const refused = await other.run(['jobs']);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain(
      `Another Longhand works with the database ${name} (process ${running.child.pid} on ${hostname()}, since `,
    );
    const rollback = await other.run(['db', 'rollback']);
    expect(rollback).toMatchObject({ code: 1, stderr: expect.stringContaining('Another Longhand works with') });
    await running.kill();
    const resumed = await home.run(['resume', '1']);
    expect(resumed.code).toBe(0);
    const { status, chunks, runs } = await home.json<Shown>(['show', '1']);
    expect({ status, done: chunks.complete }).toEqual({ status: 'completed', done: chunks.total });
    expect(runs.map(({ outcome }) => outcome)).toEqual(['orphaned', 'completed']);
    expect(runs.reduce((sum, run) => sum + run.chunksCommitted, 0)).toBe(chunks.total);

    const doctor = await home.run(['doctor']);
    expect(doctor.code).toBe(0);
    expect(lineOf(doctor, 'database')).toMatch(
      new RegExp(`^✓ +database +${name}: 1 job, [\\d.]+ MB, schema \\d{4}-[\\w-]+$`),
    );
    await home.run(['show', '1', '--evidence', 'evidence']);
    const said = [refused, rollback, doctor, resumed].map((told) => JSON.stringify(told));
    expect([running.stderr, ...said, everythingIn(home.folder)].join('\n')).not.toContain(SECRET);
  });

  test('an owner that loses the database to another one ends its work, and the job goes on from its checkpoint', async () => {
    const { url } = await newDatabase();
    const database = new URL(url).pathname.slice(1);
    const home = new Home({ LONGHAND_DATABASE_URL: url });
    const running = home.start(['transcribe', ...SHORT_CHUNKS, await speak(`${STORY} ${STORY}`)]);
    await running.said(/Processing chunk 2\//);
    const taking = lockDatabase({ url, clock: systemClock });
    // Nobody tells when a session begins to wait.
    await eventually(async () => (await server.query(WAITING, database))[0], 'somebody who waits for the lock');
    await server.query(BREAK_HOLDER, database);
    const lock = await taking;
    const { code, stderr } = await running.finished;
    await lock.release();
    expect(code).toBe(1);
    expect(stderr).toMatch(/The connection that holds the database .* was lost[\s\S]*Another Longhand works with/);
    const resumed = await home.run(['resume', '1']);
    expect(resumed).toMatchObject({ code: 0, stdout: expect.stringMatching(/\w/) });
    const { chunks, runs } = await home.json<Shown>(['show', '1']);
    expect(runs.reduce((sum, run) => sum + run.chunksCommitted, 0)).toBe(chunks.total);
  });

  test('a service that loses the database says so, leaves nothing listening, and ends with 1', async () => {
    const { url } = await newDatabase();
    const database = new URL(url).pathname.slice(1);
    const home = new Home({ LONGHAND_DATABASE_URL: url });
    const service = home.start(['serve', '--port', '0']);
    await service.said(/listens on/);
    const taking = lockDatabase({ url, clock: systemClock });
    // Nobody tells when a session begins to wait.
    await eventually(async () => (await server.query(WAITING, database))[0], 'somebody who waits for the lock');
    await server.query(BREAK_HOLDER, database);
    const lock = await taking;
    const { code, stderr } = await service.finished;
    await lock.release();
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^longhand: Longhand had to stop, because it lost its database: Another Longhand works with/m,
    );
    expect(await home.run(['status'])).toMatchObject({ code: 3, stdout: expect.stringContaining('does not run') });
    expect((await home.run(['queue'])).code).toBe(0);
  });

  test('what is kept of nobody never touches it', async () => {
    const { url } = await newDatabase();
    const home = new Home({ LONGHAND_DATABASE_URL: url });
    const { code, stdout } = await home.run(['transcribe', '--untracked', ...BRIEF_CHUNKS, await briefFile()]);
    expect({ code, text: stdout.trim() }).toEqual({ code: 0, text: expect.stringMatching(/\w/) });
    expect(await home.json<Report>(['doctor'])).toMatchObject({
      status: expect.any(String),
      database: { state: 'good', found: { jobs: 0, version: null } },
    });
  });

  test('doctor tells why the database cannot be used', async () => {
    const { url } = await newDatabase();
    const cases: [wrong: string, line: RegExp][] = [
      [url.replace(SECRET, 'guess'), /^✗ .*The server does not let "guarded" use .* → Check the user and the password/],
      [
        url.replace(/[^/]*$/, 'absent'),
        /^✗ .*There is no database "absent" on the server .* → Make it there: createdb/,
      ],
      [url.replace(/:\d+\//, ':1/'), /^✗ .*cannot be reached\. → Is it running at 127\.0\.0\.1:1/],
    ];
    for (const [wrong, line] of cases) {
      const found = await new Home({ LONGHAND_DATABASE_URL: wrong }).run(['doctor']);
      expect(found.code).toBe(1);
      expect(lineOf(found, 'database')).toMatch(line);
      expect(found.stdout).not.toMatch(/supervision|guess|hunter2/);
    }
  });

  test('an address that is none is refused without being repeated', async () => {
    const { code, stderr } = await new Home({ LONGHAND_DATABASE_URL: `mysql://u:${SECRET}@host/db` }).run(['jobs']);
    expect(code).toBe(2);
    expect(stderr).toContain('it must be an address such as postgres://user:password@host:5432/longhand');
    expect(stderr).not.toContain(SECRET);
  });
});
