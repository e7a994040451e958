/** `longhand start`, `stop`, `restart`, `status`, `serve` as they are typed. */

import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Status } from '../../src/cli/commands/status.ts';
import {
  BRIEF_CHUNKS,
  briefFile,
  eventually,
  noneLeft,
  runTokens,
  SHORT_CHUNKS,
  type Shown,
  STORY,
} from '../chaos/support.ts';
import { Home } from '../support/cli.ts';
import { speak } from '../support/speech.ts';
import { filesOf, homeWithService, serviceLog } from './support.ts';

it('a service in the background takes jobs, tells of itself, rests its jobs when it is stopped, and goes on', async () => {
  const home = homeWithService();
  expect(await home.run(['status'])).toMatchObject({
    code: 3,
    stdout: expect.stringMatching(/^Longhand does not run\./),
  });

  const started = await home.run(['start']);
  expect(started).toMatchObject({ code: 0 });
  const [, address = '', pid = ''] =
    /^Longhand runs at (http:\/\/127\.0\.0\.1:\d+) \(process (\d+)\)\n$/.exec(started.stdout) ?? [];
  expect(await home.run(['start'])).toMatchObject({ code: 0, stdout: `Longhand runs already, at ${address}\n` });
  const second = await home.run(['serve']);
  expect(second.code).toBe(1);
  expect(second.stderr).toContain(`The service runs already (process ${pid}) and answers at ${address}\n`);

  // Its own address, its own session: nothing of the command that started it.
  expect((await fetch(`${address}/readyz`)).status).toBe(200);
  // Long enough to outlast the few commands that come now.
  const job = home.start(['transcribe', ...SHORT_CHUNKS, await speak(`${STORY} ${STORY}`)]);
  await job.said(/Processing chunk 1\//);
  const status = await home.json<Status>(['status']);
  expect(status).toMatchObject({
    running: true,
    silent: false,
    owner: {
      command: 'serve',
      address,
      process: { pid: Number(pid) },
      stopping: false,
      jobs: { running: 1, waiting: 0 },
    },
  });
  expect((await home.run(['status'])).stdout).toMatch(
    /^Longhand \S+ runs at .*\n {2}process \d+, for .* of memory\n {2}1 job in work, 0 waiting\n$/,
  );

  const stopped = await home.run(['stop']);
  expect(stopped).toMatchObject({
    code: 0,
    stdout: 'Longhand has stopped. Job 1 rests at the checkpoint; it goes on with: longhand start\n',
  });
  job.signal('SIGKILL');
  await job.finished;
  expect(await home.run(['stop'])).toMatchObject({ code: 0, stdout: 'Longhand does not run.\n' });
  expect(filesOf(home)).toEqual(['jobs', 'logs', 'longhand.db', 'owner.lock']);
  await noneLeft(await runTokens(home));
  expect(serviceLog(home)).toMatch(
    /INFO +service +Answers at http.*\n[\s\S]*Stopping \(shutdown\): 1 jobs in work\n.*Stopped\n$/,
  );

  const again = await home.run(['restart']);
  expect(again.stdout).toMatch(/^Longhand does not run\.\nLonghand runs at /);
  await home.run(['resume', '1']);
  const shown = await home.json<Shown>(['show', '1']);
  expect(shown.status).toBe('completed');
  expect(shown.runs.map(({ outcome }) => outcome)).toEqual(['stopped', 'completed']);
});

it('an address that cannot be had is explained, and nothing is left of the try', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  const home = new Home();
  try {
    const inUse = await home.run(['serve', '--port', String(port)]);
    expect(inUse).toMatchObject({
      code: 1,
      stderr: `longhand: Port ${port} of 127.0.0.1 is in use by another program.\n  Choose another port with --port or LONGHAND_PORT; --port 0 takes a free one.\n`,
    });
    const inBackground = await home.run(['start', '--port', String(port)]);
    expect(inBackground.code).toBe(1);
    expect(inBackground.stderr).toMatch(
      /^longhand: The service did not start: it ended with code 1\.\n {2}longhand: Port \d+ of 127\.0\.0\.1 is in use by another program\.\n/,
    );
    const notOurs = await home.run(['serve', '--host', '192.0.2.1', '--port', '0']);
    // Before anything else: nobody has a password or a key.
    expect(notOurs.code).toBe(2);
    expect(notOurs.stderr).toMatch(/^longhand: 192\.0\.2\.1 can be reached from other machines/);
    expect(filesOf(home)).toEqual(['jobs', 'logs', 'longhand.db', 'owner.lock']);
  } finally {
    taken.close();
  }
});

it('another command that works with the folder is named, and is not stopped', async () => {
  const home = homeWithService();
  // So that it lives for as long as this takes.
  expect((await home.run(['queue', 'pause'])).code).toBe(0);
  const job = home.start(['transcribe', ...BRIEF_CHUNKS, await briefFile()]);
  await job.said(/The queue is paused/);
  const status = await home.run(['status']);
  expect(status.code).toBe(3);
  expect(status.stdout).toMatch(
    /^The service does not run\. longhand transcribe \(process \d+\) works with the data folder, .*0 jobs in work, 1 waiting/,
  );
  for (const command of ['stop', 'serve']) {
    const refused = await home.run([command]);
    expect({ command, code: refused.code }).toEqual({ command, code: 1 });
    expect(refused.stderr).toContain(`longhand transcribe (process ${job.child.pid}) works with the data folder`);
  }
  job.signal('SIGINT');
  expect((await job.finished).code).toBe(130);
});

it('a file that a dead service left behind leads to no signal', async () => {
  const home = homeWithService();
  mkdirSync(home.dataDir, { recursive: true });
  // The number is that of a living process, which is another one.
  const left = {
    process: { pid: process.pid, startTime: '1', bootId: null },
    address: 'http://127.0.0.1:1',
    version: '0',
    since: '',
  };
  writeFileSync(join(home.dataDir, 'service.json'), JSON.stringify(left));
  expect((await home.run(['status'])).code).toBe(3);
  expect(await home.run(['stop'])).toMatchObject({ code: 0, stdout: 'Longhand does not run.\n' });
  writeFileSync(join(home.dataDir, 'service.json'), '{"process":');
  expect((await home.run(['start'])).code).toBe(0);
  const { owner } = await home.json<Status>(['status']);
  if (!owner) throw new Error('Nobody works with the folder.');
  process.kill(owner.process.pid, 'SIGKILL');
  // A kill -9 leaves the file and the socket behind; the next start finds its way.
  await eventually(async () => (await home.run(['status'])).code === 3 || undefined, 'a service that is gone');
  expect((await home.run(['start'])).code).toBe(0);
});

it('a service goes on when nobody reads any more what it says', async () => {
  const home = homeWithService();
  const serving = home.start(['serve', '--port', '0']);
  const [, address = ''] = await serving.said(/listens on (http:\S+)/);
  serving.child.stderr?.destroy();
  // It says that it stops, into a pipe that is closed, and then all the same stops as it should.
  serving.signal('SIGTERM');
  expect(await serving.finished).toMatchObject({ code: 0 });
  await expect(fetch(`${address}/livez`)).rejects.toThrow();
  expect(serviceLog(home)).toContain('Stopped');
});
