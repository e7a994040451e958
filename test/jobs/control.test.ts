import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { JobStatus } from '../../src/domain/job.ts';
import { cancel, pause } from '../../src/jobs/control.ts';
import { finishJob, getJob, transition } from '../../src/store/jobs.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { submit, temporaryFolder, testClock, working } from '../store/support.ts';

async function newStore(): Promise<Store> {
  const store = await openStore({ file: join(temporaryFolder(), 'longhand.db'), clock: testClock() });
  onTestFinished(() => store.close());
  return store;
}

/** A job in a state that a person may find it in. */
async function jobThatIs(store: Store, status: JobStatus): Promise<number> {
  if (status === 'pending') return await submit(store);
  const { job, lease } = await working(store);
  if (status === 'processing') return job.id;
  const how = { leaseToken: lease, actor: 'supervisor', reason: 'test' };
  if (status === 'completed') await finishJob(store, job.id, lease, { transcript: '', elapsedSeconds: 1, speed: 1 });
  else await transition(store, job.id, status, how);
  return job.id;
}

function control(store: Store) {
  const stopped: unknown[] = [];
  const stop = (...order: unknown[]) => stopped.push(order) > 0;
  return { context: { store, stop }, stopped };
}

describe('cancel', () => {
  it.each(['pending', 'retrying', 'paused'] as const)('takes a %s job out of the queue', async (from) => {
    const store = await newStore();
    const id = await jobThatIs(store, from);
    expect(await cancel({ store, stop: () => false }, id)).toEqual({ id, from, to: 'cancelled', stopping: false });
    expect(await getJob(store, id)).toMatchObject({ status: 'cancelled' });
  });

  it('says in the row first that a job is cancelled, then ends its run without grace', async () => {
    const store = await newStore();
    const id = await jobThatIs(store, 'processing');
    const { context, stopped } = control(store);
    expect(await cancel(context, id)).toEqual({ id, from: 'processing', to: 'cancelled', stopping: true });
    expect(stopped).toEqual([[id, 'cancel', 0]]);
    expect(await getJob(store, id)).toMatchObject({ status: 'cancelled', lease_token: null });
  });

  it.each(['completed', 'failed', 'cancelled'] as const)('refuses a %s job in a sentence', async (from) => {
    const store = await newStore();
    const id = await jobThatIs(store, from);
    await expect(cancel(control(store).context, id)).rejects.toThrow(
      `Job ${id} is ${from}; there is nothing to cancel.`,
    );
    expect(await getJob(store, id)).toMatchObject({ status: from });
  });
});

describe('pause', () => {
  it('takes a waiting job out of the queue at once', async () => {
    const store = await newStore();
    const id = await jobThatIs(store, 'pending');
    const { context, stopped } = control(store);
    expect(await pause(context, id)).toEqual({ id, from: 'pending', to: 'paused', stopping: false });
    // Whoever waited for it does not any more.
    expect(stopped).toEqual([[id, 'pause', undefined, 'user']]);
    expect(await getJob(store, id)).toMatchObject({ status: 'paused', paused_by: 'user' });
  });

  it('asks the run of one that is worked on', async () => {
    const store = await newStore();
    const id = await jobThatIs(store, 'processing');
    const { context, stopped } = control(store);
    expect(await pause(context, id)).toEqual({ id, from: 'processing', to: 'paused', stopping: true });
    expect(stopped).toEqual([[id, 'pause', undefined, 'user']]);
  });

  it.each(['completed', 'failed', 'cancelled', 'paused'] as const)('refuses a %s job in a sentence', async (from) => {
    const store = await newStore();
    const id = await jobThatIs(store, from);
    await expect(pause(control(store).context, id)).rejects.toThrow(`Job ${id} is ${from}; there is nothing to pause.`);
  });

  it('of a job that waits for its next try says what to do instead', async () => {
    const store = await newStore();
    const id = await jobThatIs(store, 'retrying');
    await expect(pause(control(store).context, id)).rejects.toMatchObject({
      message: expect.stringContaining(`Job ${id} waits for its next try`),
      remedy: `Give it up: longhand cancel ${id}. Or let it try now: longhand retry ${id}`,
    });
    expect(await getJob(store, id)).toMatchObject({ status: 'retrying' });
  });

  it('of a job that is paused by quiet hours makes the pause the user’s own', async () => {
    const store = await newStore();
    const id = await submit(store);
    const set = { paused_by: 'quiet hours' };
    await transition(store, id, 'paused', { actor: 'supervisor', reason: 'Quiet hours', set });
    const { context, stopped } = control(store);
    const done = { id, from: 'paused', to: 'paused', stopping: false, pausedBefore: 'quiet hours' };
    expect(await pause(context, id)).toEqual(done);
    expect(stopped).toEqual([[id, 'pause', undefined, 'user']]);
    expect(await getJob(store, id)).toMatchObject({ status: 'paused', paused_by: 'user' });
    await expect(pause(context, id)).rejects.toThrow(`Job ${id} is paused; there is nothing to pause.`);
  });

  it('of a job that no run is known of says so instead of waiting', async () => {
    const store = await newStore();
    const id = await jobThatIs(store, 'processing');
    await expect(pause({ store, stop: () => false }, id)).rejects.toThrow(/has just changed; nothing was done/);
  });
});
