import { expect, test } from 'vitest';
import { listEvents } from '../../../src/store/events.ts';
import { transition } from '../../../src/store/jobs.ts';
import { dueRetries, waiting } from '../../../src/store/queue.ts';
import type { OpenEmpty } from '../conformance.ts';
import { claim, submit, testClock, working } from '../support.ts';

export function queueTests(open: OpenEmpty): void {
  test('claims go by priority, then age, then id', async () => {
    const clock = testClock();
    const store = await open(clock);
    const low = await submit(store, { priority: -1 });
    const old = await submit(store);
    const sameAge = await submit(store);
    clock.advance(5);
    const young = await submit(store);
    const urgent = await submit(store, { priority: 9 });
    const order = [urgent, old, sameAge, young, low];
    expect((await waiting(store)).map(({ job_id }) => job_id)).toEqual(order);
    expect((await waiting(store, { limit: 2 })).map(({ position }) => position)).toEqual([1, 2]);
    const claimed: (number | undefined)[] = [];
    for (const _ of order) claimed.push((await claim(store))?.job.id);
    expect(claimed).toEqual(order);
    expect(await claim(store)).toBeUndefined();
  });

  test('a claim takes the lease, makes the next run and tells of it', async () => {
    const clock = testClock();
    const store = await open(clock);
    const id = await submit(store, { engine: 'whisper', model: 'base', language: 'th', processes: 3, parameters: [1] });
    clock.advance(1000);
    const claimed = (await claim(store))!;
    expect(claimed.job).toMatchObject({
      id,
      status: 'processing',
      lease_node: 'here',
      lease_until: clock.now() + 30_000,
      lease_token: claimed.run.lease_token,
      current_run_id: claimed.run.id,
      started_at: clock.now(),
      last_heartbeat: clock.now(),
    });
    expect(claimed.run).toMatchObject({
      ...{ job_id: id, number: 1, engine: 'whisper', model: 'base', language: 'th', processes: 3, workers: 8 },
      ...{ parameters: '[1]', started_at: clock.now(), ended_at: null, outcome: null, chunks_committed: 0 },
    });
    expect((await listEvents(store, { jobId: id })).at(-1)).toMatchObject({
      ...{ type: 'claimed', from_status: 'pending', to_status: 'processing', actor: 'here', reason: 'Run 1' },
    });
  });

  test('a job that comes back from work keeps its place, its first start and its counted runs', async () => {
    const clock = testClock();
    const store = await open(clock);
    const { job } = await working(store);
    clock.advance(10);
    const later = await submit(store);
    await transition(store, job.id, 'pending', { actor: 'owner', reason: 'Restart' });
    expect((await waiting(store)).map(({ job_id }) => job_id)).toEqual([job.id, later]);
    const again = (await claim(store))!;
    expect(again).toMatchObject({ job: { id: job.id, started_at: job.started_at }, run: { number: 2 } });
  });

  test('only the named jobs are claimed, and none when none is named', async () => {
    const store = await open(testClock());
    const ids = [await submit(store), await submit(store), await submit(store, { priority: 5 })];
    expect(await claim(store, [])).toBeUndefined();
    expect(await claim(store, [999_999])).toBeUndefined();
    expect((await claim(store, [ids[1]!, ids[0]!]))?.job.id).toBe(ids[0]);
    const many = Array.from({ length: 40_000 }, (_, n) => n + 1);
    expect((await claim(store, many))?.job.id).toBe(ids[2]);
    expect((await claim(store, many.reverse()))?.job.id).toBe(ids[1]);
  });

  test('a job is not claimed before its time', async () => {
    const clock = testClock();
    const store = await open(clock);
    const { job } = await working(store);
    await transition(store, job.id, 'pending', { actor: 'owner', reason: 'Later', notBefore: clock.now() + 100 });
    expect(await claim(store)).toBeUndefined();
    clock.advance(100);
    expect((await claim(store))?.job.id).toBe(job.id);
  });

  test('a job in backoff waits in nobody’s way and is due when it is over', async () => {
    const clock = testClock();
    const store = await open(clock);
    const { job, lease } = await working(store);
    await transition(store, job.id, 'retrying', {
      ...{ actor: 'owner', reason: 'Retry 1/3', leaseToken: lease, notBefore: clock.now() + 30_000 },
    });
    expect(await waiting(store)).toEqual([]);
    expect(await claim(store)).toBeUndefined();
    expect(await dueRetries(store)).toEqual([]);
    clock.advance(30_000);
    expect(await dueRetries(store)).toEqual([job.id]);
    await transition(store, job.id, 'pending', { actor: 'owner', reason: 'Backoff over' });
    expect(await dueRetries(store)).toEqual([]);
    expect((await claim(store))?.job.id).toBe(job.id);
  });

  test('a job that rests is out of the queue and comes back with its priority, behind the others', async () => {
    const clock = testClock();
    const store = await open(clock);
    const rested = await submit(store, { priority: 2 });
    const urgent = await submit(store, { priority: 2 });
    const plain = await submit(store);
    await transition(store, rested, 'paused', { actor: 'user', reason: 'Paused' });
    expect((await waiting(store)).map(({ job_id }) => job_id)).toEqual([urgent, plain]);
    clock.advance(1);
    await transition(store, rested, 'pending', { actor: 'user', reason: 'Resumed' });
    expect((await waiting(store)).map(({ job_id }) => job_id)).toEqual([urgent, rested, plain]);
  });
}
