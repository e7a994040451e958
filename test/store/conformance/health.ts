import { expect, test } from 'vitest';
import { jobCounts } from '../../../src/store/health.ts';
import { registerProcess, transition } from '../../../src/store/jobs.ts';
import type { Store } from '../../../src/store/store.ts';
import type { OpenEmpty } from '../conformance.ts';
import { claim, submit, testClock, working } from '../support.ts';

const NONE = { pending: 0, processing: 0, retrying: 0, paused: 0, completed: 0, failed: 0, cancelled: 0 };

async function registered(store: Store) {
  const claimed = await working(store);
  const process = { pid: 4711, logFilePath: 'log', leaseToken: claimed.lease };
  expect(await registerProcess(store, claimed.job.id, process)).toBe(true);
  return claimed;
}

export function healthTests(open: OpenEmpty): void {
  test('an empty store counts nothing', async () => {
    const store = await open(testClock());
    expect(await jobCounts(store)).toEqual({
      ...{ totalJobs: 0, everRan: 0, jobsWithPid: 0, active: 0, waiting: 0 },
      byStatus: NONE,
    });
  });

  test('jobs are counted by state, and those that ever ran by whether their process is known', async () => {
    const store = await open(testClock());
    for (const to of ['retrying', 'paused', 'completed', 'failed', 'failed'] as const) {
      await transition(store, (await registered(store)).job.id, to, { actor: 'test', reason: 'test' });
    }
    await registered(store);
    // Claimed, and its process is not there yet.
    await working(store);
    await transition(store, await submit(store), 'cancelled', { actor: 'user', reason: 'before it ran' });
    await submit(store);
    await submit(store);
    expect(await jobCounts(store)).toEqual({
      ...{ totalJobs: 10, everRan: 7, jobsWithPid: 6, active: 2, waiting: 2 },
      byStatus: { pending: 2, processing: 2, retrying: 1, paused: 1, completed: 1, failed: 2, cancelled: 1 },
    });
  });

  test('a job that ran keeps its process in the count when it waits, and when it is claimed again', async () => {
    const store = await open(testClock());
    const { job } = await registered(store);
    const ran = { totalJobs: 1, everRan: 1, jobsWithPid: 1 };
    await transition(store, job.id, 'pending', { actor: 'supervisor', reason: 'Restart' });
    expect(await jobCounts(store)).toMatchObject({ ...ran, active: 0, waiting: 1 });
    await claim(store);
    expect(await jobCounts(store)).toMatchObject({ ...ran, active: 1, waiting: 0 });
  });
}
