import { expect, test } from 'vitest';
import { JOB_STATUSES } from '../../../src/domain/job.ts';
import { chunkCounts, failChunk, planChunks } from '../../../src/store/chunks.ts';
import { listEvents } from '../../../src/store/events.ts';
import { explainRefusal, finishJob, getJob, transition, updateHeartbeat } from '../../../src/store/jobs.ts';
import type { Store } from '../../../src/store/store.ts';
import type { OpenEmpty } from '../conformance.ts';
import { claim, everything, submit, testClock, working } from '../support.ts';

const BY_USER = { actor: 'user', reason: 'because' };

export function transitionTests(open: OpenEmpty): void {
  test('leaving work ends the lease', async () => {
    const store = await open(testClock());
    for (const to of ['completed', 'failed', 'retrying', 'paused', 'cancelled', 'pending'] as const) {
      const { job, lease } = await working(store);
      expect(await transition(store, job.id, to, { ...BY_USER, leaseToken: lease })).toBe(true);
      expect(await getJob(store, job.id)).toMatchObject({
        ...{ status: to, lease_token: null, lease_until: null, lease_node: null, current_run_id: null },
      });
    }
  });

  test('an end has its time, which is gone when the job goes on', async () => {
    const clock = testClock();
    const store = await open(clock);
    const id = await submit(store);
    clock.advance(7);
    const error = { error_message: 'gone', error_kind: 'input', error_remedy: 'Look' } as const;
    await transition(store, id, 'failed', { ...BY_USER, set: error });
    expect(await getJob(store, id)).toMatchObject({ completed_at: clock.now(), ...error });
    await transition(store, id, 'pending', BY_USER);
    expect(await getJob(store, id)).toMatchObject({
      ...{ completed_at: null, error_message: null, error_kind: null, error_remedy: null },
    });
  });

  test('who paused a job is forgotten when it goes on', async () => {
    const store = await open(testClock());
    const id = await submit(store);
    await transition(store, id, 'paused', { ...BY_USER, set: { paused_by: 'quiet hours' } });
    expect((await getJob(store, id))?.paused_by).toBe('quiet hours');
    await transition(store, id, 'pending', BY_USER);
    expect((await getJob(store, id))?.paused_by).toBeNull();
  });

  test('a job tried again by hand has all its tries before it', async () => {
    const store = await open(testClock());
    const { job, lease } = await working(store);
    const chunk = { startSample: 0, endSample: 16_000, speech: true };
    await planChunks(store, job.id, lease, [{ number: 0, ...chunk }]);
    for (const tries of [1, 2, 3]) {
      expect(await failChunk(store, job.id, lease, { number: 0, error: 'died' })).toBe(tries);
    }
    await transition(store, job.id, 'failed', { ...BY_USER, set: { crash_count: 3, retry_count: 2 } });
    await transition(store, job.id, 'pending', BY_USER);
    expect(await getJob(store, job.id)).toMatchObject({ crash_count: 0, retry_count: 0 });
    expect(await chunkCounts(store, job.id)).toEqual({ total: 1, pending: 1, complete: 0, error: 0 });
  });

  test('the time limit counts anew when a person asks again, and goes on after a pause or a crash', async () => {
    const store = await open(testClock());
    const id = await submit(store);
    let elapsedSeconds = 0;
    const limitAfter = async (...steps: ('paused' | 'failed' | 'cancelled' | 'completed' | 'pending')[]) => {
      const { run } = (await claim(store, [id]))!;
      elapsedSeconds += 10.5;
      await updateHeartbeat(store, id, { leaseToken: run.lease_token, leaseUntil: 0, elapsedSeconds });
      for (const to of steps) expect(await transition(store, id, to, BY_USER)).toBe(true);
      return (await getJob(store, id))?.limit_from_seconds;
    };
    expect(await limitAfter('pending')).toBe(0);
    expect(await limitAfter('paused', 'pending')).toBe(0);
    expect(await limitAfter('failed', 'pending')).toBe(31.5);
    expect(await limitAfter('pending')).toBe(31.5);
    expect(await limitAfter('cancelled', 'pending')).toBe(52.5);
    expect(await limitAfter('completed', 'pending')).toBe(63);
  });

  test('a job that begins from the start has its whole time limit', async () => {
    const store = await open(testClock());
    const { job, lease } = await working(store);
    await updateHeartbeat(store, job.id, { leaseToken: lease, leaseUntil: 0, elapsedSeconds: 99 });
    await transition(store, job.id, 'failed', BY_USER);
    await transition(store, job.id, 'pending', { ...BY_USER, set: { elapsed_seconds: 0 } });
    expect(await getJob(store, job.id)).toMatchObject({ elapsed_seconds: 0, limit_from_seconds: 0 });
  });

  test('why a step was refused is said in words', async () => {
    const store = await open(testClock());
    const why = async (...asked: Parameters<typeof explainRefusal> extends [Store, ...infer Rest] ? Rest : never) => {
      const [id, to, how] = asked;
      expect(await transition(store, id, to, { ...how, ...BY_USER })).toBe(false);
      return await explainRefusal(store, id, to, how);
    };
    const { job, lease } = await working(store);
    const { id } = job;
    expect(await why(77, 'paused')).toBe('There is no job 77.');
    expect(await why(id, 'processing')).toMatch(
      /^A processing job cannot become processing; it can become completed, /,
    );
    expect(await why(id, 'paused', { leaseToken: 'stale' })).toBe(
      `The lease on job ${id} is lost: it is processing now, and somebody else works on it.`,
    );
    expect(await why(id, 'pending', { from: ['failed', 'cancelled', 'pending'] })).toBe(
      `Job ${id} is processing now; it was to become pending only from failed or cancelled.`,
    );
    expect(await why(id, 'paused', { from: ['failed'] })).toMatch(/only from no state at all\.$/);
    await transition(store, id, 'pending', BY_USER);
    expect(await why(id, 'failed', { leaseToken: lease })).toBe(
      `The lease on job ${id} is lost: it is pending now, and nobody works on it.`,
    );
    expect(await why(id, 'processing')).toMatch(/by a claim alone/);
  });

  test('a refusal of which nothing is left was a change in between', async () => {
    const store = await open(testClock());
    const { job } = await working(store);
    const asked = { from: ['paused'] as const };
    expect(await transition(store, job.id, 'pending', { ...asked, ...BY_USER })).toBe(false);
    await transition(store, job.id, 'paused', BY_USER);
    expect(await explainRefusal(store, job.id, 'pending', asked)).toBe(
      `Job ${job.id} has just changed and is paused now. Try again.`,
    );
  });

  test('a finished job has its text, and cannot be finished again', async () => {
    const clock = testClock();
    const store = await open(clock);
    const { job, lease } = await working(store);
    const result = { transcript: 'ask not', outputPath: 'out.txt', elapsedSeconds: 12.5, speed: 3.2 };
    expect(await finishJob(store, job.id, lease, result)).toBe(true);
    expect(await getJob(store, job.id)).toMatchObject({
      ...{ status: 'completed', transcript: 'ask not', output_path: 'out.txt', elapsed_seconds: 12.5, speed: 3.2 },
      ...{ progress: 100, progress_stage: 'Complete', completed_at: clock.now(), lease_token: null },
    });
    const before = await everything(store);
    expect(await finishJob(store, job.id, lease, { ...result, transcript: 'other' })).toBe(false);
    expect(await everything(store)).toEqual(before);
  });

  test('an unknown job goes nowhere', async () => {
    const store = await open(testClock());
    for (const to of JOB_STATUSES) expect(await transition(store, 5, to, BY_USER)).toBe(false);
    expect(await listEvents(store)).toEqual([]);
  });
}
