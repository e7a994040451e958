import { expect, test } from 'vitest';
import { commitChunk, planChunks } from '../../../src/store/chunks.ts';
import { transition } from '../../../src/store/jobs.ts';
import { endRun, getRun } from '../../../src/store/runs.ts';
import { measuredModels, measuredRuns, runTimes } from '../../../src/store/speeds.ts';
import type { OpenEmpty } from '../conformance.ts';
import { measuredRun } from '../measured.ts';
import { claim, testClock, working } from '../support.ts';

const KEY = { machine: 'here', engine: 'pocketsphinx', model: 'en-us' };

export function speedTests(open: OpenEmpty): void {
  test('a run that ends says how much speech became text in it, and how long its engine workers took', async () => {
    const clock = testClock();
    const store = await open(clock);
    const chunks = [
      { seconds: 20, workSeconds: 7.5 },
      { seconds: 10.25, workSeconds: 4.25 },
    ];
    const run = await measuredRun(store, clock, { chunks });
    expect(await getRun(store, run)).toMatchObject({ machine: 'here', speech_seconds: 30.25, work_seconds: 11.75 });
  });

  test('what an earlier run has committed is not counted again, and a run without a chunk teaches nothing', async () => {
    const store = await open(testClock());
    const { job, run, lease } = await working(store);
    const plan = [0, 1].map((number) => ({
      number,
      startSample: number * 16_000,
      endSample: (number + 1) * 16_000,
      speech: true,
    }));
    await planChunks(store, job.id, lease, plan);
    const chunk = { words: [], engine: 'e', model: 'm' };
    await commitChunk(store, job.id, lease, { ...chunk, number: 0, workMs: 500, runId: run.id });
    await endRun(store, run.id, { outcome: 'crashed' });
    await transition(store, job.id, 'pending', { leaseToken: lease, actor: 'test', reason: 'test' });
    const second = (await claim(store))!.run;
    await commitChunk(store, job.id, second.lease_token, { ...chunk, number: 1, workMs: 300, runId: second.id });
    await endRun(store, second.id, { outcome: 'crashed' });
    await transition(store, job.id, 'pending', { leaseToken: second.lease_token, actor: 'test', reason: 'test' });
    const third = (await claim(store))!.run;
    await endRun(store, third.id, { outcome: 'crashed' });
    const taught = await Promise.all([run, second, third].map(({ id }) => getRun(store, id)));
    expect(taught).toMatchObject([
      { speech_seconds: 1, work_seconds: 0.5 },
      { speech_seconds: 1, work_seconds: 0.3 },
      { speech_seconds: null, work_seconds: null },
    ]);
  });

  test('the last runs of a machine, an engine and a model are found, the oldest first', async () => {
    const clock = testClock();
    const store = await open(clock);
    const ids: number[] = [];
    for (let number = 0; number < 4; number += 1) ids.push(await measuredRun(store, clock));
    await measuredRun(store, clock, { machine: 'elsewhere' });
    await measuredRun(store, clock, { engine: 'whisper' });
    await measuredRun(store, clock, { model: 'th' });
    await measuredRun(store, clock, { chunks: [] });
    const found = await measuredRuns(store, KEY, { limit: 3 });
    expect(found.map(({ id }) => id)).toEqual(ids.slice(1));
    expect(found[0]).toMatchObject({ processes: 2, workers: 1, speech_seconds: 600, work_seconds: 120 });
  });

  test('the models that were measured with an engine are named once each', async () => {
    const clock = testClock();
    const store = await open(clock);
    for (const model of ['tiny', 'base', 'tiny', 'base']) await measuredRun(store, clock, { engine: 'whisper', model });
    await measuredRun(store, clock, { engine: 'whisper', model: 'large', machine: 'elsewhere' });
    await measuredRun(store, clock, { engine: 'whisper', model: 'small', chunks: [] });
    expect(await measuredModels(store, { machine: 'here', engine: 'whisper' })).toEqual(['base', 'tiny']);
    expect(await measuredModels(store, { machine: 'nowhere', engine: 'whisper' })).toEqual([]);
  });

  test('runs between two ids tell when they kept the machine busy, those without an end too', async () => {
    const clock = testClock();
    const store = await open(clock);
    const first = await measuredRun(store, clock, { seconds: 30 });
    await measuredRun(store, clock, { machine: 'elsewhere' });
    const startedAt = clock.now() - 60_000;
    const last = await measuredRun(store, clock);
    const times = await runTimes(store, 'here', { from: first, to: last, limit: 9 });
    expect(times).toMatchObject([
      { id: last, engine: 'pocketsphinx', processes: 2, workers: 1, ended_at: clock.now() },
      { id: first, ended_at: startedAt },
    ]);
    expect(await runTimes(store, 'here', { from: first, to: last, limit: 1 })).toMatchObject([{ id: last }]);
  });
}
