import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { isAlive, RUN_TOKEN_VARIABLE, readStat } from '../../src/supervisor/identity.ts';
import type { RoundReport } from '../../src/supervisor/rounds.ts';
import { Home } from '../support/cli.ts';
import { smallModel } from '../support/small-model.ts';
import { speak } from '../support/speech.ts';
import {
  detailsOf,
  type Owned,
  removeOwnerProgram,
  startOwnerOf,
  submit,
  untilAtRest,
  untilNews,
  untilSaid,
} from './owners.ts';
import { readRows } from './run/inspection.ts';
import { targetsOf } from './run/targets.ts';
import { briefFile, eventually, noneLeft, runTokens } from './support.ts';

/** Memory that is not freed at once is no leak; this is what one page of a table or a few cached statements take. */
const GROWTH_BYTES = { rss: 24 * 1024 * 1024, heap: 3 * 1024 * 1024 };

afterAll(removeOwnerProgram);

describe('cleaning up', () => {
  it('while jobs are in work ends what is left of others and lets them go on', async () => {
    const home = new Home({ MAX_CONCURRENT_TRANSCRIPTIONS: '2' });
    const first = await startOwnerOf(home);
    await untilAtRest(first.api, await submit(first.api, await word()));
    await end(first);
    const [token] = await runTokens(home);
    const stray = startStray(token as string);

    // Nothing but the clean-up that is asked for may find the next one.
    const owned = await startOwnerOf(home, { LONGHAND_SWEEP_INTERVAL: '86400' });
    // Found at the start already; so another one is needed.
    await stray.ended;
    const another = startStray(token as string);
    const healthy = [await submit(owned.api, await briefFile()), await submit(owned.api, await briefFile())];
    await Promise.all(healthy.map((id) => untilSaid(owned.api, id, /^Processing chunk 2\//)));
    const report = await owned.api.post<RoundReport>('/api/cleanup');
    expect(report).toMatchObject({ recovered: [], survivors: [] });
    expect(report.strays.map(({ pid }) => pid)).toEqual([another.pid]);
    await another.ended;
    for (const id of healthy) {
      const { status, runs } = await untilAtRest(owned.api, id);
      expect({ status, outcomes: runs.map(({ outcome }) => outcome) }).toEqual({
        status: 'completed',
        outcomes: ['completed'],
      });
    }
    await end(owned);
  });
});

describe('three jobs at once', () => {
  it('have three runners of their own', async () => {
    const home = new Home({ MAX_CONCURRENT_TRANSCRIPTIONS: '3' });
    const owned = await startOwnerOf(home);
    const ids = await inTurn(3, async () => submit(owned.api, await briefFile()));
    await Promise.all(ids.map((id) => untilSaid(owned.api, id, /^Processing chunk 1\//)));
    const pids = await Promise.all(ids.map(async (id) => (await detailsOf(owned.api, id)).runs.at(-1)?.pid));
    expect(new Set(pids).size).toBe(3);
    for (const [index, id] of ids.entries()) {
      const runner = targetsOf(home.dataDir, id).find(({ role }) => role === 'runner');
      expect(runner?.identity.pid).toBe(pids[index]);
      expect(runner && isAlive(runner.identity)).toBe(true);
      expect(readStat(pids[index] as number)?.groupId).toBe(pids[index]);
    }
    const ended = await Promise.all(ids.map((id) => untilAtRest(owned.api, id)));
    expect(ended.map(({ status }) => status)).toEqual(['completed', 'completed', 'completed']);
    await end(owned);
    await noneLeft(await runTokens(home));
  });
});

describe('ten jobs one after another', () => {
  it('leave the memory of their owner as it is', async () => {
    const home = new Home(await smallModel());
    const owned = await startOwnerOf(home);
    const next = async () => {
      expect((await untilAtRest(owned.api, await submit(owned.api, await word()))).status).toBe('completed');
    };
    await inTurn(3, next);
    const before = await owned.process.memory();
    await inTurn(7, next);
    const after = await owned.process.memory();
    expect(after.rssBytes - before.rssBytes).toBeLessThan(GROWTH_BYTES.rss);
    expect(after.heapBytes - before.heapBytes).toBeLessThan(GROWTH_BYTES.heap);
    await end(owned);
  });
});

describe('twelve jobs handed in at once', () => {
  it('are done four at a time in the order in which they came, while many watch and ask', async () => {
    const home = new Home({ ...(await smallModel()), MAX_CONCURRENT_TRANSCRIPTIONS: '4' });
    const owned = await startOwnerOf(home);
    const file = await word();
    const ids = await Promise.all(Array.from({ length: 12 }, () => submit(owned.api, file)));
    const watchers = ids.flatMap((id) => Array.from({ length: 5 }, () => untilAtRest(owned.api, id)));
    let most = 0;
    const watching = Promise.all(watchers).then((ended) => ended.map(({ status }) => status));
    const done = watching.then(() => true);
    const asked = await eventually(async () => {
      const { jobs } = await owned.api.get<{ jobs: { status: string }[] }>('/api/jobs');
      most = Math.max(most, jobs.filter(({ status }) => status === 'processing').length);
      await Promise.all(ids.map((id) => detailsOf(owned.api, id)));
      return (await Promise.race([done, false])) ? jobs.length : undefined;
    }, 'the end of all jobs');
    expect(asked).toBe(12);
    expect(new Set(await watching)).toEqual(new Set(['completed']));
    expect(most).toBeLessThanOrEqual(4);
    await end(owned);
    const { runs, jobs } = await readRows(home.dataDir);
    expect(runs.map(({ job_id, outcome }) => ({ job_id, outcome }))).toEqual(
      jobs.map(({ id }) => ({ job_id: id, outcome: 'completed' })),
    );
    expect(new Set(jobs.map(({ transcript }) => transcript)).size).toBe(1);
    await noneLeft(runs.map(({ token }) => token));
  });

  it('and cancelled all at once leave no process', async () => {
    const home = new Home({ MAX_CONCURRENT_TRANSCRIPTIONS: '4' });
    const owned = await startOwnerOf(home);
    const file = await word();
    const ids = await Promise.all(Array.from({ length: 12 }, () => submit(owned.api, file)));
    await untilNews(owned.api, ids[0] as number, (news) => news.type === 'log');
    await Promise.allSettled(ids.map((id) => owned.api.post(`/api/jobs/${id}/cancel`)));
    const ended = await Promise.all(ids.map((id) => untilAtRest(owned.api, id)));
    expect(ended.every(({ status }) => status === 'cancelled' || status === 'completed')).toBe(true);
    expect(ended.at(-1)?.status).toBe('cancelled');
    await end(owned);
    await noneLeft(await runTokens(home));
  });
});

/** One chunk. */
function word(): Promise<string> {
  return speak('good morning');
}

async function end({ process }: Owned): Promise<void> {
  expect(await process.terminate()).toMatchObject({ code: 0 });
}

async function inTurn<T>(times: number, work: () => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let time = 0; time < times; time += 1) results.push(await work());
  return results;
}

/** A process that got away from a run: it has the run's token, and a session of its own. */
function startStray(token: string): { pid: number; ended: Promise<unknown> } {
  const child = spawn('sleep', ['600'], {
    detached: true,
    stdio: 'ignore',
    env: { ...process.env, [RUN_TOKEN_VARIABLE]: token },
  });
  const ended = once(child, 'exit');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return { pid: child.pid as number, ended };
}
