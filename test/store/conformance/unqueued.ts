import { expect, test } from 'vitest';
import { listEvents } from '../../../src/store/events.ts';
import { transition } from '../../../src/store/jobs.ts';
import { waiting } from '../../../src/store/queue.ts';
import { queueJob, unqueuedJobs } from '../../../src/store/unqueued.ts';
import type { OpenEmpty } from '../conformance.ts';
import { claim, everything, submit, testClock, working } from '../support.ts';

const HOW = { actor: 'supervisor', reason: 'It was missing' };

export function unqueuedTests(open: OpenEmpty): void {
  test('what waits outside the queue is found, the oldest first, and put to the end of its priority once', async () => {
    const clock = testClock();
    const store = await open(clock);
    const row = { filename: 'a.wav', updated_at: 1 };
    const insert = (created_at: number) =>
      store.db
        .insertInto('transcription_jobs')
        .values({ ...row, created_at })
        .returning('id')
        .executeTakeFirstOrThrow();
    const young = (await insert(9)).id;
    const old = (await insert(3)).id;
    const queued = await submit(store);
    // Another program set it back while its row in the queue says that it was begun.
    const { job: setBack } = await working(store);
    await store.db.updateTable('transcription_jobs').set({ status: 'pending' }).where('id', '=', setBack.id).execute();
    const { job: inWork } = await working(store);
    const { job: paused, lease } = await working(store);
    await transition(store, paused.id, 'paused', { ...HOW, leaseToken: lease });

    expect(await unqueuedJobs(store)).toEqual([old, young, setBack.id]);
    expect(await unqueuedJobs(store, { limit: 1 })).toEqual([old]);
    const before = await everything(store);
    for (const id of [queued, inWork.id, paused.id, 999]) expect(await queueJob(store, id, HOW)).toBe(false);
    expect(await everything(store)).toEqual(before);

    const answers = await Promise.all([old, young, setBack.id, old].map((id) => queueJob(store, id, HOW)));
    expect(answers.filter(Boolean)).toHaveLength(3);
    expect(await unqueuedJobs(store)).toEqual([]);
    expect((await waiting(store)).map(({ job_id }) => job_id)).toEqual(expect.arrayContaining([queued, old, young]));
    expect(await listEvents(store, { jobId: old })).toMatchObject([
      { type: 'changed', actor: 'supervisor', reason: 'It was missing', at: clock.now() },
    ]);
    for (const _ of [1, 2, 3, 4]) expect(await claim(store)).toBeDefined();
    expect(await claim(store)).toBeUndefined();
  });
}
