import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { Home, type Running } from '../support/cli.ts';

const PASSWORD = 'correct horse battery staple';

/** Runs a command that reads a line from standard input. */
async function withLine(home: Home, line: string, args: string[]) {
  const running = home.start(args);
  running.child.stdin?.end(`${line}\n`);
  return await running.finished;
}

/** The service, on a free port. */
async function served(home: Home, ...more: string[]): Promise<{ running: Running; url: string }> {
  const running = home.start(['serve', '--port', '0', ...more]);
  onTestFinished(() => running.kill());
  const [, port = ''] = await running.said(/listens on http:\/\/\S+:(\d+)/);
  return { running, url: `http://127.0.0.1:${port}` };
}

it('serve listens for other machines only once there is a user or a key', async () => {
  const home = new Home();
  const refused = await home.run(['serve', '--port', '0', '--host', '0.0.0.0']);
  expect({ code: refused.code, stdout: refused.stdout }).toEqual({ code: 2, stdout: '' });
  expect(refused.stderr).toMatch(/0\.0\.0\.0 can be reached from other machines.*\n.*longhand users add NAME/);
  const { stdout: key } = await home.run(['keys', 'add', 'phone']);
  expect(key).toMatch(/^lh_[\w-]{43}\n$/);
  const { url } = await served(home, '--host', '0.0.0.0');
  expect((await fetch(`${url}/api/jobs`)).status).toBe(401);
  const headers = { authorization: `Bearer ${key.trim()}` };
  expect(await (await fetch(`${url}/api/jobs`, { headers })).json()).toMatchObject({ jobs: [] });
  expect((await home.json<{ keys: unknown[] }>(['keys'])).keys).toEqual([
    expect.objectContaining({ name: 'phone', scope: 'write', user: null, lastUsedAt: expect.stringMatching(/Z$/) }),
  ]);
});

it('a user is added, signs in while the service runs, and leaves no secret in any file', async () => {
  const home = new Home({ LONGHAND_LOG_LEVEL: 'DEBUG' });
  const { url, running } = await served(home);
  expect((await fetch(`${url}/api/jobs`)).status).toBe(200);
  const short = await withLine(home, 'short', ['users', 'add', 'anna']);
  expect({ code: short.code, stderr: short.stderr }).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/at least 8 characters/),
  });
  const added = await withLine(home, PASSWORD, ['users', 'add', 'anna']);
  expect(added).toMatchObject({ code: 0, stdout: 'anna may come in now, as an admin.\n' });
  expect((await fetch(`${url}/api/jobs`)).status).toBe(401);

  const signIn = (password: string) =>
    fetch(`${url}/api/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'anna', password }),
    });
  expect((await signIn('a wrong password')).status).toBe(401);
  const cookie = (await signIn(PASSWORD)).headers.get('set-cookie')?.split(';')[0] ?? '';
  expect((await fetch(`${url}/api/jobs/7`, { headers: { cookie } })).status).toBe(404);
  const { stdout: key } = await home.run(['keys', 'add', 'one', '--user', 'anna']);
  expect((await fetch(`${url}/api/jobs/7`, { headers: { authorization: `Bearer ${key.trim()}` } })).status).toBe(404);
  await fetch(`${url}/api/jobs`, { headers: { authorization: 'Bearer lh_mistyped-secret' } });
  expect((await home.run(['audit'])).stdout).toMatch(
    /access +Admin anna was added by the user\.\n.*Key one \(write\) was made/,
  );
  running.signal('SIGTERM');
  await running.finished;

  const files = filesIn(home.dataDir);
  expect(readFileSync(join(home.dataDir, 'logs', 'longhand.log'), 'utf8')).toMatch(
    /sign-in from 127\.0\.0\.1 was refused/,
  );
  const session = cookie.split('=')[1] ?? '';
  expect(session).toHaveLength(43);
  // They are where they would be.
  expect(files.some((file) => readFileSync(file, 'latin1').includes('Key one (write)'))).toBe(true);
  for (const file of files) {
    const content = readFileSync(file, 'latin1');
    for (const secret of [PASSWORD, 'a wrong password', key.trim(), session, 'mistyped-secret']) {
      expect(content.includes(secret), `${file} has ${secret}`).toBe(false);
    }
    expect(statSync(file).mode & 0o077, file).toBe(0);
  }
});

it('what is no name, no scope or no user is told', async () => {
  const home = new Home();
  expect(await withLine(home, PASSWORD, ['users', 'add', 'a b'])).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/cannot be a name/),
  });
  expect(await withLine(home, PASSWORD, ['users', 'add', 'Supervisor'])).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/taken by a part/),
  });
  expect(await withLine(home, '', ['users', 'add', 'anna'])).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/No password was given/),
  });
  expect(await home.run(['keys', 'add', 'one', '--scope', 'all'])).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/read, write, admin/),
  });
  expect(await home.run(['keys', 'add', 'one', '--user', 'ben'])).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/no user "ben"/),
  });
  expect(await home.run(['users', 'remove', 'ben'])).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/no user "ben"/),
  });
  expect(await home.run(['keys', 'revoke', 'one'])).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/no key "one"/),
  });
});

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}
