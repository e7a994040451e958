import { expect, test } from 'vitest';
import { chunkCounts, commitChunk, planChunks } from '../../../src/store/chunks.ts';
import { listEvents } from '../../../src/store/events.ts';
import { finishJob, getJob, transition } from '../../../src/store/jobs.ts';
import { endRun, getRun } from '../../../src/store/runs.ts';
import type { OpenEmpty } from '../conformance.ts';
import { claim, submit, testClock, working } from '../support.ts';

export function raceTests(open: OpenEmpty): void {
  test('many claims at once never give one job to two, and leave none', async () => {
    const store = await open(testClock());
    const ids: number[] = [];
    for (let n = 0; n < 20; n++) ids.push(await submit(store, { priority: n % 3 }));
    const claims = await Promise.all(Array.from({ length: 30 }, () => claim(store)));
    const taken = claims.flatMap((claimed) => (claimed ? [claimed.job.id] : []));
    expect(taken.sort((a, b) => a - b)).toEqual(ids);
    for (const id of ids) expect((await listEvents(store, { jobId: id })).length).toBe(2);
  });

  test('of cancel and finish at the same moment exactly one wins', async () => {
    const store = await open(testClock());
    const winners = new Set<string>();
    // Who is asked first wins nearly always, but nobody promises it.
    for (let round = 0; round < 20 || winners.size < 2; round++) {
      const { job, lease } = await working(store);
      const cancel = () => transition(store, job.id, 'cancelled', { actor: 'user', reason: 'Stopped by user' });
      const finish = () => finishJob(store, job.id, lease, { transcript: 'text', elapsedSeconds: 1, speed: 1 });
      const inOrder = round % 2 === 0 ? [cancel(), finish()] : [finish(), cancel()];
      expect((await Promise.all(inOrder)).filter(Boolean).length).toBe(1);
      const after = (await getJob(store, job.id))!;
      expect(after.transcript).toBe(after.status === 'completed' ? 'text' : null);
      const ends = (await listEvents(store, { jobId: job.id })).slice(2);
      expect(ends.map(({ to_status }) => to_status)).toEqual([after.status]);
      winners.add(after.status);
    }
    expect([...winners].sort()).toEqual(['cancelled', 'completed']);
  });

  test('a chunk handed in many times at once is committed once', async () => {
    const store = await open(testClock());
    const { job, run, lease } = await working(store);
    await planChunks(store, job.id, lease, [{ number: 0, startSample: 0, endSample: 9, speech: true }]);
    const result = { number: 0, words: [], engine: 'whisper', model: 'base', workMs: 1, runId: run.id };
    const won = await Promise.all(Array.from({ length: 8 }, () => commitChunk(store, job.id, lease, result)));
    expect(won.filter(Boolean).length).toBe(1);
    expect((await getRun(store, run.id))?.chunks_committed).toBe(1);
    expect((await chunkCounts(store, job.id)).complete).toBe(1);
  });

  test('a run ends once, however many say so', async () => {
    const store = await open(testClock());
    const { run } = await working(store);
    const ends = (['crashed', 'failed', 'orphaned', 'stopped'] as const).map((outcome) =>
      endRun(store, run.id, { outcome }),
    );
    expect((await Promise.all(ends)).filter(Boolean).length).toBe(1);
  });
}
