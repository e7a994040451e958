import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { getJob, transition } from '../../src/store/jobs.ts';
import { openStore } from '../../src/store/open.ts';
import { QueueGate } from '../../src/supervisor/queue-gate.ts';
import { Scheduler } from '../../src/supervisor/scheduler.ts';
import { temporaryFolder, testClock, working } from '../store/support.ts';

it('a job whose run pauses while the scheduler looks goes on with its next look', async () => {
  const clock = testClock();
  const store = await openStore({ file: join(temporaryFolder(), 'longhand.db'), clock });
  onTestFinished(() => store.close());
  const { job, lease } = await working(store);
  const set = { paused_by: 'quiet hours' };
  let looks = 0;

  /** The run's end is written just after the look at those that were paused. */
  class LateGate extends QueueGate {
    override async pause() {
      looks += 1;
      if (looks === 1) {
        await transition(store, job.id, 'paused', { leaseToken: lease, actor: 'supervisor', reason: 'hours', set });
        scheduler.notePaused();
      }
      return await super.pause();
    }
  }

  const scheduler: Scheduler = new Scheduler({
    store,
    gate: new LateGate({ store, clock, diskSpace: async () => ({ freeBytes: 1, totalBytes: 1 }) }),
    ...{ maxConcurrent: 1, capacityBytes: 1 },
    freeBytes: () => 1,
    needBytes: async () => 0,
    pauseForHours: () => {},
    wake: () => {},
    tell: () => {},
    onProblem: (sentence) => {
      throw new Error(sentence);
    },
  });
  await scheduler.tick();
  expect((await getJob(store, job.id))?.status).toBe('paused');
  await scheduler.tick();
  expect((await getJob(store, job.id))?.status).toBe('pending');
});
