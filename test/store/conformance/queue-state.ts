import { expect, test } from 'vitest';
import { listEvents } from '../../../src/store/events.ts';
import { transition } from '../../../src/store/jobs.ts';
import { candidates, claimNext, pausedBy } from '../../../src/store/queue.ts';
import { pauseQueue, QUEUE_EVENT_JOB_ID, queuePause, resumeQueue } from '../../../src/store/queue-state.ts';
import type { OpenEmpty } from '../conformance.ts';
import { submit, testClock, working } from '../support.ts';

export function queueStateTests(open: OpenEmpty): void {
  test('the queue is paused and resumed once each, and its events tell who and why', async () => {
    const clock = testClock();
    const store = await open(clock);
    expect(await queuePause(store)).toBeUndefined();
    const pauses = await Promise.all(
      Array.from({ length: 5 }, () => pauseQueue(store, { by: 'user', actor: 'user', reason: 'dinner' })),
    );
    expect(pauses.filter(Boolean)).toHaveLength(1);
    expect(await queuePause(store)).toEqual({ by: 'user', reason: 'dinner', at: clock.now(), resumeAtBytes: null });
    const resumes = await Promise.all(Array.from({ length: 5 }, () => resumeQueue(store, { actor: 'user' })));
    expect(resumes.filter(Boolean)).toHaveLength(1);
    expect(await queuePause(store)).toBeUndefined();
    const events = await listEvents(store, { jobId: QUEUE_EVENT_JOB_ID });
    expect(events.map(({ type, actor, reason }) => [type, actor, reason])).toEqual([
      ['queue', 'user', 'Paused: dinner'],
      ['queue', 'user', 'Resumed'],
    ]);
  });

  test("a person's pause takes over from the disk's, so that the queue does not go on by itself", async () => {
    const store = await open(testClock());
    const full = { by: 'disk', actor: 'supervisor', reason: 'no space', resumeAtBytes: 5_000_000_000 } as const;
    expect(await pauseQueue(store, full)).toBe(true);
    expect(await queuePause(store)).toMatchObject({ by: 'disk', resumeAtBytes: 5_000_000_000 });
    expect(await pauseQueue(store, { by: 'user', actor: 'user' })).toBe(true);
    expect(await pauseQueue(store, full)).toBe(false);
    expect(await resumeQueue(store, { by: 'disk', actor: 'supervisor' })).toBe(false);
    expect(await queuePause(store)).toMatchObject({ by: 'user', reason: null });
  });

  test('what could start is told in the order in which it would, without what waits for a retry or is at work', async () => {
    const clock = testClock();
    const store = await open(clock);
    const low = await submit(store, { priority: -1 });
    const retried = await working(store);
    await transition(store, retried.job.id, 'retrying', { actor: 'supervisor', reason: 'Retry', notBefore: 1 });
    const later = await working(store);
    await transition(store, later.job.id, 'pending', { actor: 'user', reason: 'later', notBefore: clock.now() + 1 });
    const high = await submit(store, { priority: 3, model: 'base', processes: 4 });
    await working(store);
    const found = await candidates(store, { limit: 10 });
    expect(found.map(({ id }) => id)).toEqual([high, low]);
    expect(found[0]).toMatchObject({ model: 'base', processes: 4, smaller_model: null, passed_over: 0 });
    const many = Array.from({ length: 2000 }, (_, index) => index + 1);
    expect((await candidates(store, { limit: 1, only: many })).map(({ id }) => id)).toEqual([high]);
    expect(await candidates(store, { limit: 10, only: [] })).toEqual([]);
  });

  test('a claim counts those that it passed', async () => {
    const store = await open(testClock());
    const first = await submit(store);
    const second = await submit(store);
    const lease = { leaseToken: 'a', leaseUntil: store.clock.now(), node: 'here', runToken: 'b', machine: 'desk' };
    const claimed = await claimNext(store, { ...lease, only: [second], passed: [first] });
    expect(claimed?.run.machine).toBe('desk');
    expect(await candidates(store, { limit: 10 })).toMatchObject([{ id: first, passed_over: 1 }]);
  });

  test('who was paused by the clock is told from who was paused by a person', async () => {
    const store = await open(testClock());
    const pausers = ['user', 'quiet hours', 'queue'] as const;
    const ids: number[] = [];
    for (const paused_by of pausers) {
      const { job } = await working(store);
      await transition(store, job.id, 'paused', { actor: 'x', reason: 'x', set: { paused_by } });
      ids.push(job.id);
    }
    expect(await pausedBy(store, 'quiet hours')).toEqual([ids[1]]);
    expect(await pausedBy(store, 'queue')).toEqual([ids[2]]);
    const how = { from: ['paused'], pausedBy: 'quiet hours', actor: 'scheduler', reason: 'open' } as const;
    expect(await transition(store, ids[0] as number, 'pending', how)).toBe(false);
    expect(await transition(store, ids[1] as number, 'pending', how)).toBe(true);
  });
}
