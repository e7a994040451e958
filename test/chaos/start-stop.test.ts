import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { ApiClient } from '../../src/api/client.ts';
import { type Owner, startOwner } from '../../src/app.ts';
import { loadConfig } from '../../src/config/load.ts';
import { descendants, Home } from '../support/cli.ts';
import { removeOwnerProgram, startOwnerOf, submit, untilNews, untilSaid } from './owners.ts';
import { readRows } from './run/inspection.ts';
import {
  BRIEF_CHUNKS,
  briefFile,
  eventually,
  jobLog,
  jobOf,
  noneLeft,
  runTokens,
  undisturbedBrief,
} from './support.ts';

/** What is there once after the first rounds (caches, thread pools) is no leak. */
const WARM_UP = 5;
const ROUNDS = 50;
/** In every tenth round a job is in work when the owner is stopped. */
const WORKING_ROUND = 10;

afterAll(removeOwnerProgram);

describe('an owner', () => {
  it('started and stopped fifty times leaves no handle and no process', async () => {
    const home = new Home();
    const { config } = loadConfig({}, home.env);
    const file = await briefFile();
    for (let round = 1; round <= WARM_UP; round += 1) await startAndStop(round === 1 ? file : undefined);
    const before = holdings();
    for (let round = 1; round <= ROUNDS; round += 1) {
      await startAndStop(round % WORKING_ROUND === 0 ? file : undefined);
    }
    // A socket that was closed is gone a turn of the loop later.
    const after = await eventually(() => {
      const now = holdings();
      return now.files <= before.files && now.children === '' ? now : undefined;
    }, `no more than ${before.files} open files; there are ${holdings().files}, and children ${holdings().children}`);
    expect(after.resources).toEqual(before.resources);
    expect(descendants(process.pid)).toEqual([]);
    await noneLeft(await runTokens(home));
    const { jobs } = await readRows(home.dataDir);
    expect(new Set(jobs.map(({ status, crash_count }) => `${status} ${crash_count}`))).toEqual(new Set(['pending 0']));

    async function startAndStop(recording: string | undefined): Promise<void> {
      const owner = (await startOwner(config, { acceptsJobs: true, onWarning: fail })) as Owner;
      expect(await startOwner(config, { acceptsJobs: true, onWarning: fail })).toBeUndefined();
      if (recording) {
        const api = new ApiClient(owner.socketPath);
        const id = await submit(api, recording);
        await untilNews(api, id, ({ type }) => type === 'log');
      }
      await Promise.all([owner.close(), owner.close()]);
      await owner.close();
    }
  });
});

describe('SIGTERM', () => {
  it('to the command stops the job at its checkpoint with nothing charged', async () => {
    const home = new Home();
    const { file, text } = await undisturbedBrief();
    const running = home.start(['transcribe', ...BRIEF_CHUNKS, file]);
    await running.said(/Processing chunk 2\//);
    running.signal('SIGTERM');
    const { code, stdout, stderr } = await running.finished;
    expect({ code, stdout }).toEqual({ code: 143, stdout: '' });
    expect(stderr).toMatch(/Stopped at the checkpoint\. Go on with: longhand resume 1\n$/);
    await noneLeft(await runTokens(home));
    const stopped = await jobOf(home, 1);
    expect(stopped).toMatchObject({ status: 'pending', runs: [{ outcome: 'stopped' }] });
    // The chunk in flight was finished.
    expect(stopped.chunks.complete).toBeGreaterThanOrEqual(2);
    expect(jobLog(home, 1)).toMatch(/Stopped at the checkpoint/);
    await expectNothingCharged(home);
    const resumed = await home.run(['resume', '1']);
    expect({ code: resumed.code, stdout: resumed.stdout }).toEqual({ code: 0, stdout: text });
  });

  it('to an owner of several jobs stops all of them, and the next owner finds nothing to recover', async () => {
    const home = new Home({ MAX_CONCURRENT_TRANSCRIPTIONS: '2' });
    const file = await briefFile();
    const first = await startOwnerOf(home);
    const ids = [await submit(first.api, file), await submit(first.api, file), await submit(first.api, file)];
    await Promise.all(ids.slice(0, 2).map((id) => untilSaid(first.api, id, /^Processing chunk 2\//)));
    expect(await first.process.terminate()).toMatchObject({ code: 0, stderr: '' });
    await noneLeft(await runTokens(home));
    await expectNothingCharged(home);
    const { jobs, runs } = await readRows(home.dataDir);
    expect(jobs.map(({ status }) => status)).toEqual(['pending', 'pending', 'pending']);
    expect(runs.map(({ outcome, reason }) => `${outcome} ${reason}`)).toEqual(['stopped shutdown', 'stopped shutdown']);
    const second = await startOwnerOf(home);
    expect(second.recovered).toEqual([]);
    expect((await second.process.terminate()).code).toBe(0);
  });
});

async function expectNothingCharged(home: Home): Promise<void> {
  const { jobs, chunks } = await readRows(home.dataDir);
  for (const job of jobs) expect(job).toMatchObject({ crash_count: 0, retry_count: 0, error_message: null });
  expect(chunks.filter(({ attempts }) => attempts > 0)).toEqual([]);
}

/** What this process holds: open files, what keeps its loop alive, children. */
function holdings() {
  const counts: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo()) counts[name] = (counts[name] ?? 0) + 1;
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim();
  return { files: readdirSync('/proc/self/fd').length, resources: counts, children };
}

function fail(sentence: string): never {
  throw new Error(`It warned: ${sentence}`);
}
