import { describe, expect, test } from 'vitest';
import { pocketsphinx } from '../../src/engines/pocketsphinx.ts';
import { START_SECONDS } from '../../src/jobs/estimates.ts';
import { Lengths } from '../../src/jobs/lengths.ts';
import { commitChunk, planChunks } from '../../src/store/chunks.ts';
import { getJob } from '../../src/store/jobs.ts';
import { measuredRun } from '../store/measured.ts';
import { submit, working } from '../store/support.ts';
import { emptyQueue } from './queue-contexts.ts';

const WORK = { engine: 'pocketsphinx', model: 'en-us', processes: 2, workers: 1 };
const SEED = pocketsphinx.seedRealtimeFactor('en-us', 2);

/** A recording of ten minutes that two engine workers did in 60 s. */
const TENTH = { chunks: [{ seconds: 600, workSeconds: 120 }] };

describe('the speed that is learned', () => {
  test('is the guess of the engine before the first run, of one that nobody knows nothing but real time', async () => {
    const { estimates } = await emptyQueue();
    expect(await estimates.learned(WORK)).toEqual({ factor: expect.closeTo(SEED, 9), weight: 0 });
    expect(await estimates.learned({ ...WORK, engine: 'whisper', model: 'base' })).toEqual({ factor: 0.2, weight: 0 });
    expect(await estimates.learned({ ...WORK, engine: null })).toEqual({ factor: 1, weight: 0 });
  });

  test('follows the runs of this machine, as soon as it is told that one has ended', async () => {
    const { store, clock, estimates } = await emptyQueue();
    await estimates.learned(WORK);
    await measuredRun(store, clock, { ...TENTH, machine: 'elsewhere' });
    for (let number = 0; number < 8; number += 1) await measuredRun(store, clock, TENTH);
    expect((await estimates.learned(WORK)).weight).toBe(0);
    estimates.forget();
    const { factor, weight } = await estimates.learned(WORK);
    expect(factor).toBeGreaterThan(0.1);
    expect(factor).toBeLessThan(0.11);
    expect(weight).toBeGreaterThan(3);
  });

  test('is that of runs with as many engine workers, and else of others in proportion to the cores they had', async () => {
    const { store, clock, estimates } = await emptyQueue({ coresPerJob: 8, cores: 8 });
    for (let number = 0; number < 8; number += 1) await measuredRun(store, clock, TENTH);
    const { factor } = await estimates.learned(WORK);
    const four = await estimates.learned({ ...WORK, processes: 4 });
    // The guess differs in the same proportion.
    expect(four.factor).toBeCloseTo(factor / 2, 6);
    for (let number = 0; number < 8; number += 1) {
      await measuredRun(store, clock, { processes: 4, chunks: [{ seconds: 600, workSeconds: 24 }] });
    }
    estimates.forget();
    expect((await estimates.learned({ ...WORK, processes: 4 })).factor).toBeLessThan(0.02);
    expect((await estimates.learned(WORK)).factor).toBeCloseTo(factor, 6);
  });

  test('of a job whose model is not chosen yet is that of the models that were chosen last', async () => {
    const { store, clock, estimates } = await emptyQueue();
    const undecided = { ...WORK, engine: 'whisper', model: 'auto' };
    expect(await estimates.learned(undecided)).toEqual({ factor: 0.5, weight: 0 });
    for (const model of ['tiny', 'base', 'tiny', 'base'])
      await measuredRun(store, clock, { ...TENTH, engine: 'whisper', model });
    estimates.forget();
    const { factor, weight } = await estimates.learned(undecided);
    expect(factor).toBeLessThan(0.14);
    expect(weight).toBeGreaterThan((await estimates.learned({ ...undecided, model: 'tiny' })).weight);
  });

  test('does not depend on what ran beside: two runs that shared the cores for all their time teach half of it', async () => {
    const queue = await emptyQueue();
    const { store, clock, estimates } = queue;
    for (let number = 0; number < 8; number += 1) {
      const other = await working(store, WORK);
      await measuredRun(store, clock, { chunks: [{ seconds: 600, workSeconds: 240 }] });
      expect(other.run.id).toBeGreaterThan(0);
      await store.db
        .updateTable('runs')
        .set({ machine: 'here', ended_at: clock.now() })
        .where('id', '=', other.run.id)
        .execute();
    }
    expect((await estimates.learned(WORK)).factor).toBeCloseTo(0.105, 2);
  });
});

describe('the outlook of a run', () => {
  test('names the speed of the expected model first, then of all that were measured; the length as far as known', async () => {
    const { store, clock, estimates } = await emptyQueue();
    for (const model of ['tiny', 'base']) await measuredRun(store, clock, { engine: 'whisper', model });
    const { job } = await working(store, { ...WORK, engine: 'whisper', model: 'tiny', durationMinutes: 10 });
    const outlook = await estimates.outlookFor(job);
    expect(outlook.speeds.map(({ model }) => model)).toEqual(['tiny', 'base']);
    expect(outlook).toMatchObject({ load: { beside: [] }, secondsLeft: 600 });
    expect(outlook.speeds[0]).toMatchObject(await estimates.learned({ ...WORK, engine: 'whisper', model: 'tiny' }));
    const unknown = await working(store, WORK);
    expect(await estimates.outlookFor(unknown.job)).not.toHaveProperty('secondsLeft');
  });

  test('counts the speech that is not committed, once the recording was cut', async () => {
    const { store, estimates } = await emptyQueue();
    const { job, run, lease } = await working(store, { ...WORK, durationMinutes: 10 });
    const plan = [0, 1, 2].map((number) => ({
      number,
      startSample: number * 320_000,
      endSample: (number + 1) * 320_000,
      speech: true,
    }));
    await planChunks(store, job.id, lease, plan);
    const chunk = { number: 0, words: [], engine: 'e', model: 'm', workMs: 1, runId: run.id };
    await commitChunk(store, job.id, lease, chunk);
    expect(await estimates.outlookFor(job)).toMatchObject({ secondsLeft: 40 });
  });

  test('is slower beside jobs that run, and beside those that will start in a moment', async () => {
    const { store, estimates } = await emptyQueue({ maxConcurrent: 2 });
    const { job } = await working(store, WORK);
    expect(await estimates.outlookFor(job)).toMatchObject({ load: { beside: [] } });
    const next = await submit(store, { ...WORK, parameters: { workers: 1 } });
    const beside = await estimates.outlookFor(job);
    expect(beside.load).toEqual({ cores: 2, perWorker: 1, beside: [2] });
    expect(beside.speeds).toEqual([{ model: 'en-us', factor: expect.closeTo(SEED, 9), weight: 0 }]);
    await submit(store, { ...WORK, parameters: { workers: 1 } });
    const second = (await getJob(store, next))!;
    expect(await estimates.outlookFor(second)).toMatchObject({ load: { beside: [2] } });
  });
});

test('a job that nobody has asked for does not slow down those that run', async () => {
  const { store, estimates } = await emptyQueue({ maxConcurrent: 2, wanted: () => [1] });
  const { job } = await working(store, WORK);
  await submit(store, { ...WORK, parameters: { workers: 1 } });
  expect(await estimates.outlookFor(job)).toMatchObject({ load: { beside: [] } });
});

test('a job that waits is told how long it will take, as soon as its length is known', async () => {
  const { store, clock, estimates } = await emptyQueue();
  const id = await submit(store, { ...WORK, originalPath: '/talk.flac' });
  const lengths = new Lengths({
    ...{ store, clock, durationOf: async () => 600, onProblem: expect.unreachable },
    workFor: (job, seconds) => estimates.secondsFor(job, seconds),
  });
  lengths.find(id, '/talk.flac');
  await lengths.idle();
  const expected = await estimates.secondsFor(WORK, 600);
  expect(await getJob(store, id)).toMatchObject({ duration_minutes: 10, estimated_duration: expected });
});

test('a recording takes as long as its sound at the learned speed, and a moment to begin', async () => {
  const { estimates } = await emptyQueue();
  expect(await estimates.secondsFor(WORK, 600)).toBeCloseTo(600 * SEED + START_SECONDS, 6);
});
