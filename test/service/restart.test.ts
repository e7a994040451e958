/** The moment between the end of the old service and the start of the new one. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Status } from '../../src/cli/commands/status.ts';
import { isRestarting, whileRestarting } from '../../src/service/restarting.ts';
import { ownIdentity } from '../../src/service/service-file.ts';
import { eventually, SHORT_CHUNKS, type Shown, STORY } from '../chaos/support.ts';
import { scratchPath } from '../support/scratch.ts';
import { speak } from '../support/speech.ts';
import { homeWithService } from './support.ts';

it('whoever waits for a job or watches a folder leaves the folder to the new service, and goes on with it', async () => {
  const home = homeWithService();
  expect((await home.run(['start'])).code).toBe(0);
  const before = await home.json<Status>(['status']);
  const inbox = join(home.folder, 'inbox');
  mkdirSync(inbox);
  const watch = home.start(['watch', inbox]);
  await watch.said(/Watching 1 folder/);
  const job = home.start(['transcribe', ...SHORT_CHUNKS, await speak([STORY, STORY, STORY, STORY].join(' '))]);
  await job.said(/Processing chunk 1\//);

  const restarted = await home.run(['restart']);
  expect(restarted).toMatchObject({ code: 0, stdout: expect.stringMatching(/\nLonghand runs at /) });
  const after = await home.json<Status>(['status']);
  expect(after).toMatchObject({ running: true, owner: { command: 'serve' } });
  expect(after.owner?.process.pid).not.toBe(before.owner?.process.pid);
  expect(readdirSync(home.dataDir)).not.toContain('restarting.json');

  const done = await job.finished;
  expect(done.code).toBe(0);
  expect(done.stdout).toMatch(/\w+ \w+/);
  const shown = await home.json<Shown>(['show', '1']);
  expect(shown.status).toBe('completed');
  expect(shown.runs.map(({ outcome }) => outcome)).toEqual(['stopped', 'completed']);
  expect((await home.json<Status>(['status'])).owner?.process.pid).toBe(after.owner?.process.pid);
  watch.signal('SIGTERM');
  expect((await watch.finished).code).toBe(0);
});

it('nobody takes the folder in between, however long that lasts', async () => {
  const home = homeWithService();
  expect((await home.run(['start'])).code).toBe(0);
  const job = home.start(['transcribe', ...SHORT_CHUNKS, await speak([STORY, STORY].join(' '))]);
  await job.said(/Processing chunk 1\//);
  await whileRestarting(home.dataDir, 600_000, async () => {
    expect((await home.run(['stop'])).code).toBe(0);
    // One that waits for a job would have the folder by the first or second of these, and keep it until the job is done.
    for (let look = 0; look < 5; look += 1) {
      const { stdout } = await home.run(['status', '--json']);
      expect(JSON.parse(stdout)).toMatchObject({ running: false, silent: false, owner: null } satisfies Status);
    }
    expect((await home.run(['start'])).code).toBe(0);
  });
  expect((await job.finished).code).toBe(0);
});

it('a new service that does not start leaves the folder to whoever waits', async () => {
  const home = homeWithService();
  expect((await home.run(['start'])).code).toBe(0);
  const job = home.start(['transcribe', ...SHORT_CHUNKS, await speak([STORY, STORY].join(' '))]);
  await job.said(/Processing chunk 1\//);
  const failed = await home.run(['restart', '--host', '192.0.2.1']);
  expect(failed.code).toBe(1);
  expect(failed.stderr).toContain('192.0.2.1 can be reached from other machines');
  expect((await job.finished).code).toBe(0);
});

it('a restart holds others up only while it lives and its time is not over', async () => {
  const dataDir = scratchPath('restarting');
  const file = join(dataDir, 'restarting.json');
  expect(isRestarting(dataDir)).toBe(false);
  await whileRestarting(dataDir, 60_000, async () => expect(isRestarting(dataDir)).toBe(true));
  expect(existsSync(file)).toBe(false);
  await expect(
    whileRestarting(dataDir, 60_000, async () => {
      throw new Error('It did not start.');
    }),
  ).rejects.toThrow('It did not start.');
  expect(isRestarting(dataDir)).toBe(false);

  const left = (record: object) => writeFileSync(file, JSON.stringify(record));
  const process = ownIdentity();
  left({ process, until: Date.now() + 60_000 });
  expect(isRestarting(dataDir)).toBe(true);
  left({ process: { ...process, startTime: '1' }, until: Date.now() + 60_000 });
  expect(isRestarting(dataDir)).toBe(false);
  left({ process, until: Date.now() - 1 });
  expect(isRestarting(dataDir)).toBe(false);
  writeFileSync(file, '{"process":');
  expect(isRestarting(dataDir)).toBe(false);
});

it('a restart that was killed holds nobody up', async () => {
  const home = homeWithService();
  mkdirSync(home.dataDir, { recursive: true });
  const gone = { pid: process.pid, startTime: '1', bootId: null };
  writeFileSync(
    join(home.dataDir, 'restarting.json'),
    JSON.stringify({ process: gone, until: Date.now() + 3_600_000 }),
  );
  await eventually(async () => (await home.run(['jobs'])).code === 0 || undefined, 'a list of jobs');
});
