import { expect, test } from 'vitest';
import { finishJob, transition } from '../../../src/store/jobs.ts';
import { failuresByKind, sumsByDay, sumsByStatus } from '../../../src/store/statistics.ts';
import type { OpenEmpty } from '../conformance.ts';
import { submit, testClock, working } from '../support.ts';

const DAY_MS = 86_400_000;

export function statisticsTests(open: OpenEmpty): void {
  test('sums are by state, by reason and by day, of everybody or of one', async () => {
    const start = Date.UTC(2026, 0, 1, 23, 59);
    const clock = testClock(start);
    const store = await open(clock);
    const done = await working(store, { durationMinutes: 2, userId: 'ada' });
    await finishJob(store, done.job.id, done.lease, { transcript: 'x', elapsedSeconds: 60, speed: 2 });
    clock.advance(120_000);
    const lost = await working(store, { durationMinutes: 5 });
    await transition(store, lost.job.id, 'failed', {
      ...{ leaseToken: lost.lease, actor: 'supervisor', reason: 'no' },
      set: { error_kind: 'memory' },
    });
    await submit(store, { durationMinutes: 1 });
    expect(await sumsByStatus(store, 'ada')).toEqual([
      { status: 'completed', count: 1, audioSeconds: 120, workSeconds: 60 },
    ]);
    expect((await sumsByStatus(store, undefined)).map(({ status, count }) => [status, count]).sort()).toEqual([
      ['completed', 1],
      ['failed', 1],
      ['pending', 1],
    ]);
    expect(await failuresByKind(store, undefined)).toEqual([{ kind: 'memory', count: 1 }]);
    expect(await failuresByKind(store, 'ada')).toEqual([]);
    const first = { at: Date.UTC(2026, 0, 1), created: 1, completed: 1, failed: 0, audioSeconds: 120 };
    const second = { at: Date.UTC(2026, 0, 2), created: 2, completed: 0, failed: 1, audioSeconds: 0 };
    expect(await sumsByDay(store, start - DAY_MS, undefined)).toEqual([first, second]);
    expect(await sumsByDay(store, second.at, undefined)).toEqual([second]);
    expect(await sumsByDay(store, start - DAY_MS, 'ada')).toEqual([first]);
  });
}
