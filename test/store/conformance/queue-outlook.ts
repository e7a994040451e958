import { expect, test } from 'vitest';
import { commitChunk, planChunks } from '../../../src/store/chunks.ts';
import { transition } from '../../../src/store/jobs.ts';
import {
  countWaiting,
  headOfQueue,
  jobsAtWork,
  jobsToGoOn,
  jobsToRetry,
  waitingAmong,
  waitingInSum,
} from '../../../src/store/queue-outlook.ts';
import { listStages, setStage } from '../../../src/store/stages.ts';
import type { OpenEmpty } from '../conformance.ts';
import { submit, testClock, working } from '../support.ts';

export function queueOutlookTests(open: OpenEmpty): void {
  test('the head of the queue comes in the order of the claims, with what tells how long it takes', async () => {
    const clock = testClock();
    const store = await open(clock);
    const how = { engine: 'whisper', model: 'tiny', processes: 2, workers: 1 };
    const first = await submit(store, { ...how, durationMinutes: 12.5, filename: 'a.flac' });
    clock.advance(1);
    const second = await submit(store);
    clock.advance(1);
    const urgent = await submit(store, { priority: 5 });
    await working(store);
    expect((await headOfQueue(store, 9)).map(({ id }) => id)).toEqual([urgent, first, second]);
    const [head] = await headOfQueue(store, 1);
    expect(head).toMatchObject({ id: urgent, priority: 5 });
    expect(await waitingAmong(store, [second, first, 999])).toMatchObject([
      { id: first, filename: 'a.flac', status: 'pending', duration_minutes: 12.5, ...how, not_before: 0, progress: 0 },
      { id: second },
    ]);
    expect(await countWaiting(store)).toBe(3);
  });

  test('the whole queue in sum: by engine, model, engine workers and threads, known lengths apart', async () => {
    const store = await open(testClock());
    expect(await waitingInSum(store)).toEqual([]);
    const how = { engine: 'whisper', model: 'tiny', processes: 2, workers: 1 };
    for (const durationMinutes of [10, 20, 0]) await submit(store, { ...how, durationMinutes });
    await submit(store, { ...how, model: 'base', durationMinutes: 5 });
    await working(store, { ...how, durationMinutes: 100 });
    const groups = await waitingInSum(store);
    expect(groups.sort((a, b) => a.model.localeCompare(b.model))).toEqual([
      { ...how, model: 'base', count: 1, known: 1, minutes: 5 },
      { ...how, model: 'tiny', count: 3, known: 2, minutes: 30 },
    ]);
  });

  test('jobs at work, jobs to be tried again, and jobs that the clock or the queue has paused', async () => {
    const clock = testClock();
    const store = await open(clock);
    const how = { actor: 'test', reason: 'test' };
    const atWork = await working(store);
    const later = await working(store);
    await transition(store, later.job.id, 'retrying', {
      ...how,
      leaseToken: later.lease,
      notBefore: clock.now() + 200,
    });
    const sooner = await working(store);
    await transition(store, sooner.job.id, 'retrying', {
      ...how,
      leaseToken: sooner.lease,
      notBefore: clock.now() + 100,
    });
    const goingOn: number[] = [];
    for (const pauser of ['quiet hours', 'queue', 'user']) {
      const { job, lease } = await working(store);
      await transition(store, job.id, 'paused', { ...how, leaseToken: lease, set: { paused_by: pauser } });
      if (pauser !== 'user') goingOn.push(job.id);
    }
    expect(await jobsAtWork(store)).toMatchObject([{ id: atWork.job.id, status: 'processing', run: 1 }]);
    expect(await jobsToRetry(store, 9)).toMatchObject([
      { id: sooner.job.id, not_before: clock.now() + 100 },
      { id: later.job.id, not_before: clock.now() + 200 },
    ]);
    expect((await jobsToGoOn(store, 9)).map(({ id }) => id)).toEqual(goingOn);
  });

  test('a committed chunk says anew when its stage is expected to end, while that goes on', async () => {
    const store = await open(testClock());
    const { job, run, lease } = await working(store);
    const expectedEnd = async () => (await listStages(store, job.id)).map((stage) => stage.estimated_end_at);
    const plan = [0, 1].map((number) => ({ number, startSample: number, endSample: number + 1, speech: true }));
    await planChunks(store, job.id, lease, plan);
    await setStage(store, job.id, lease, 'transcribe', { status: 'processing', estimatedEndAt: 5_000 });
    const chunk = { words: [], engine: 'e', model: 'm', workMs: 1, runId: run.id };
    await commitChunk(store, job.id, lease, { ...chunk, number: 0 });
    expect(await expectedEnd()).toEqual([5_000]);
    await commitChunk(store, job.id, lease, { ...chunk, number: 1, estimatedEndAt: 4_000 });
    expect(await expectedEnd()).toEqual([4_000]);
    await setStage(store, job.id, lease, 'transcribe', { status: 'complete' });
    expect(await expectedEnd()).toEqual([null]);
  });
}
