import { expect, test } from 'vitest';
import { endingOf } from '../../../src/store/endings.ts';
import { finishJob } from '../../../src/store/jobs.ts';
import { endRun } from '../../../src/store/runs.ts';
import { setStage } from '../../../src/store/stages.ts';
import { tryWriting } from '../../../src/store/writable.ts';
import type { OpenEmpty } from '../conformance.ts';
import { everything, submit, testClock, working } from '../support.ts';

export function serviceTests(open: OpenEmpty): void {
  test('trying to write leaves nothing behind', async () => {
    const store = await open(testClock());
    await submit(store);
    const before = await everything(store);
    await tryWriting(store);
    await tryWriting(store);
    expect(await everything(store)).toEqual(before);
    expect(await store.db.selectFrom('watched_files').selectAll().execute()).toEqual([]);
  });

  test('how a job ended, its last run, and how long each complete stage took', async () => {
    const clock = testClock();
    const store = await open(clock);
    const { job, run, lease } = await working(store, { engine: 'whisper', durationMinutes: 1.5 });
    await setStage(store, job.id, lease, 'prepare', { status: 'processing' });
    clock.advance(2_500);
    await setStage(store, job.id, lease, 'prepare', { status: 'complete' });
    await setStage(store, job.id, lease, 'diarize', { status: 'skipped' });
    await finishJob(store, job.id, lease, { transcript: 'done', elapsedSeconds: 30, speed: 3 });
    await endRun(store, run.id, { outcome: 'completed' });
    expect(await endingOf(store, job.id)).toEqual({
      job: {
        ...{ status: 'completed', engine: 'whisper', elapsed_seconds: 30, duration_minutes: 1.5 },
        ...{ error_kind: null, completed_at: clock.now() },
      },
      run: { id: run.id, outcome: 'completed', error_kind: null, ended_at: clock.now() },
      stageSeconds: [{ name: 'prepare', seconds: 2.5 }],
    });
    expect((await endingOf(store, await submit(store)))?.run).toBeUndefined();
    expect(await endingOf(store, 99)).toBeUndefined();
  });
}
