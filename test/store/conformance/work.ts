import { expect, test } from 'vitest';
import { jobStates } from '../../../src/store/job-states.ts';
import {
  forgiveCrashes,
  getActiveJobs,
  getJob,
  getOrphanedJobs,
  registerProcess,
  setJobFacts,
  transition,
  updateHeartbeat,
} from '../../../src/store/jobs.ts';
import type { OpenEmpty } from '../conformance.ts';
import { claim, submit, testClock, working } from '../support.ts';

export function workTests(open: OpenEmpty): void {
  test('the process of a job and its log are recorded', async () => {
    const store = await open(testClock());
    const { job, lease } = await working(store);
    const process = { pid: 4711, logFilePath: 'logs/transcribe_job_1.log', leaseToken: lease };
    expect(await registerProcess(store, job.id, process)).toBe(true);
    expect(await getJob(store, job.id)).toMatchObject({ process_id: 4711, log_file_path: process.logFilePath });
  });

  test('a job that ever ran keeps its process, log and heartbeat: at rest, in the queue, in its next run', async () => {
    const clock = testClock();
    const store = await open(clock);
    const { job, lease } = await working(store);
    await registerProcess(store, job.id, { pid: 4711, logFilePath: 'the.log', leaseToken: lease });
    const beat = clock.now();
    const kept = { process_id: 4711, log_file_path: 'the.log', last_heartbeat: beat };
    clock.advance(1000);
    for (const to of ['failed', 'pending'] as const) {
      await transition(store, job.id, to, { actor: 'user', reason: 'because' });
      expect(await getJob(store, job.id)).toMatchObject(kept);
    }
    const again = await claim(store);
    expect(again?.job).toMatchObject({ ...kept, last_heartbeat: clock.now() });
    const next = { pid: 4712, logFilePath: 'the.log', leaseToken: again!.run.lease_token };
    await registerProcess(store, job.id, next);
    expect(await getJob(store, job.id)).toMatchObject({ process_id: 4712 });
  });

  test('a person’s word wipes the slate of a job that waits, and of no other', async () => {
    const store = await open(testClock());
    const { job, lease } = await working(store);
    await updateHeartbeat(store, job.id, { leaseToken: lease, leaseUntil: 0, elapsedSeconds: 1800 });
    expect(await forgiveCrashes(store, job.id)).toBe(false);
    expect(await forgiveCrashes(store, 77)).toBe(false);
    await transition(store, job.id, 'pending', { actor: 'supervisor', reason: 'Crashed', set: { crash_count: 2 } });
    expect(await getJob(store, job.id)).toMatchObject({ crash_count: 2, limit_from_seconds: 0 });
    expect(await forgiveCrashes(store, job.id)).toBe(true);
    expect(await getJob(store, job.id)).toMatchObject({ crash_count: 0, limit_from_seconds: 1800 });
  });

  test('a heartbeat says when, until when, and how far; what it does not say stays', async () => {
    const clock = testClock();
    const store = await open(clock);
    const { job, lease } = await working(store);
    clock.advance(5000);
    const until = clock.now() + 30_000;
    const far = { progress: 41.5, progressStage: 'Processing audio segments...', speed: 3.2, elapsedSeconds: 5 };
    expect(await updateHeartbeat(store, job.id, { leaseToken: lease, leaseUntil: until, ...far })).toBe(true);
    clock.advance(5000);
    expect(await updateHeartbeat(store, job.id, { leaseToken: lease, leaseUntil: until + 5000 })).toBe(true);
    expect(await getJob(store, job.id)).toMatchObject({
      ...{ last_heartbeat: clock.now(), lease_until: until + 5000, updated_at: clock.now() },
      ...{ progress: 41.5, progress_stage: far.progressStage, speed: 3.2, elapsed_seconds: 5 },
    });
  });

  test('facts found during the work are recorded', async () => {
    const store = await open(testClock());
    const { job, lease } = await working(store);
    const facts = { duration_minutes: 61.25, source_sha256: 'ab', language: 'en', engine: 'whisper', model: 'base' };
    expect(await setJobFacts(store, job.id, { leaseToken: lease, ...facts })).toBe(true);
    expect(await getJob(store, job.id)).toMatchObject(facts);
  });

  test('active jobs are those in work, orphans those of them that are silent too long', async () => {
    const clock = testClock();
    const store = await open(clock);
    const silent = await working(store);
    clock.advance(1000);
    const beating = await working(store);
    await submit(store);
    const done = await working(store);
    await transition(store, done.job.id, 'failed', { actor: 'supervisor', reason: 'Died' });
    expect((await getActiveJobs(store)).map(({ id }) => id)).toEqual([silent.job.id, beating.job.id]);
    clock.advance(299_000);
    expect(await getOrphanedJobs(store)).toEqual([]);
    clock.advance(1);
    expect((await getOrphanedJobs(store)).map(({ id }) => id)).toEqual([silent.job.id]);
    expect((await getOrphanedJobs(store, { timeoutSeconds: 10 })).length).toBe(2);
    await updateHeartbeat(store, silent.job.id, { leaseToken: silent.lease, leaseUntil: 0 });
    expect(await getOrphanedJobs(store)).toEqual([]);
  });

  test('the states of many jobs are told at once, and those of unknown ones are not', async () => {
    const clock = testClock();
    const store = await open(clock);
    const waiting = await submit(store);
    clock.advance(1000);
    const { job } = await working(store, { priority: 1 });
    const states = await jobStates(store, [
      job.id,
      waiting,
      ...Array.from({ length: 2_000 }, (_, index) => 100 + index),
    ]);
    expect([...states].sort(([a], [b]) => a - b)).toEqual([
      [waiting, { status: 'pending', updatedAt: clock.now() - 1000 }],
      [job.id, { status: 'processing', updatedAt: clock.now() }],
    ]);
  });

  test('a job in work that never said a word is an orphan', async () => {
    const store = await open(testClock());
    const [aged, silent] = [await working(store), await working(store)];
    const beat = (id: number, last_heartbeat: number | null) =>
      store.db.updateTable('transcription_jobs').set({ last_heartbeat }).where('id', '=', id).execute();
    await beat(aged.job.id, 1);
    await beat(silent.job.id, null);
    const longestSilentFirst = [silent.job.id, aged.job.id];
    expect((await getOrphanedJobs(store)).map(({ id }) => id)).toEqual(longestSilentFirst);
    expect((await getActiveJobs(store)).map(({ id }) => id)).toEqual(longestSilentFirst);
  });
}
