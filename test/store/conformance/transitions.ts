import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canTransition, isAtRest, JOB_STATUSES, type JobStatus } from '../../../src/domain/job.ts';
import { chunkCounts, failChunk, planChunks } from '../../../src/store/chunks.ts';
import { listEvents } from '../../../src/store/events.ts';
import { finishJob, getJob, transition } from '../../../src/store/jobs.ts';
import type { Store } from '../../../src/store/store.ts';
import type { OpenEmpty } from '../conformance.ts';
import { everything, submit, testClock, working } from '../support.ts';

const BY_USER = { actor: 'user', reason: 'because' };

export function transitionTests(open: OpenEmpty): void {
  test('random sequences never reach an illegal state, and a refused step leaves nothing', async () => {
    const store = await open(testClock());
    const step = fc.record({
      to: fc.constantFrom(...JOB_STATUSES),
      from: fc.option(fc.subarray([...JOB_STATUSES]), { nil: undefined, freq: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const id = await submit(store);
        let status: JobStatus = 'pending';
        for (const { to, from } of steps) {
          const legal = canTransition(status, to) && (from?.includes(status) ?? true);
          const before = await traces(store, id);
          const won = await transition(store, id, to, { ...BY_USER, ...(from ? { from } : {}) });
          expect(won).toBe(legal);
          if (won) await expectTrace(store, id, status, to, before.events.length);
          else expect(await traces(store, id)).toEqual(before);
          if (won) status = to;
        }
      }),
      { numRuns: 60 },
    );
  });

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

async function traces(store: Store, id: number) {
  const queue = await store.db.selectFrom('transcription_queue').selectAll().where('job_id', '=', id).execute();
  return { job: await getJob(store, id), queue, events: await listEvents(store, { jobId: id }) };
}

async function expectTrace(store: Store, id: number, from: JobStatus, to: JobStatus, eventsBefore: number) {
  const { job, queue, events } = await traces(store, id);
  expect(job?.status).toBe(to);
  expect(events.length).toBe(eventsBefore + 1);
  expect(events.at(-1)).toMatchObject({ type: 'status', from_status: from, to_status: to, ...BY_USER });
  if (isAtRest(to)) expect(queue).toEqual([]);
  else expect(queue).toMatchObject([{ started_at: to === 'pending' ? null : expect.any(Number) }]);
}
