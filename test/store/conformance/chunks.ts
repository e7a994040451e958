import { expect, test } from 'vitest';
import {
  chunkCounts,
  commitChunk,
  committedChunks,
  failChunk,
  type PlannedChunk,
  pendingChunks,
  planChunks,
} from '../../../src/store/chunks.ts';
import { getJob, transition } from '../../../src/store/jobs.ts';
import { getRun } from '../../../src/store/runs.ts';
import type { OpenEmpty } from '../conformance.ts';
import { claim, everything, testClock, working } from '../support.ts';

const SECOND = 16_000;

function cut(count: number): PlannedChunk[] {
  return Array.from({ length: count }, (_, number) => ({
    number,
    startSample: number * 20 * SECOND,
    endSample: (number + 1) * 20 * SECOND,
    speech: number % 3 !== 2,
  }));
}

const words = [{ text: 'ถาม', startMs: 10, endMs: 400, confidence: 0.75, joinsPrevious: true }];

export function chunkTests(open: OpenEmpty): void {
  test('silent chunks are committed with the plan, the others wait', async () => {
    const store = await open(testClock());
    const { job, lease } = await working(store);
    expect(await planChunks(store, job.id, lease, cut(6))).toBe(true);
    expect(await chunkCounts(store, job.id)).toEqual({ total: 6, pending: 4, complete: 2, error: 0 });
    expect((await pendingChunks(store, job.id)).map(({ number }) => number)).toEqual([0, 1, 3, 4]);
    expect(await committedChunks(store, job.id)).toMatchObject([
      { number: 2, words: [], engine: null },
      { number: 5, words: [], engine: null },
    ]);
  });

  test('the same plan again changes nothing, another is refused', async () => {
    const store = await open(testClock());
    const { job, lease } = await working(store);
    await planChunks(store, job.id, lease, cut(4));
    const before = await everything(store);
    expect(await planChunks(store, job.id, lease, cut(4).reverse())).toBe(true);
    await expect(planChunks(store, job.id, lease, cut(5))).rejects.toThrow(/cut into 4 chunks already/);
    expect(await everything(store)).toEqual(before);
  });

  test('a long recording is planned at once and read in pages', async () => {
    const store = await open(testClock());
    const { job, lease } = await working(store);
    await planChunks(store, job.id, lease, cut(2160));
    const page = await committedChunks(store, job.id, { from: 1000, limit: 100 });
    expect(page.length).toBe(100);
    expect(page[0]?.number).toBe(1001);
    expect((await chunkCounts(store, job.id)).total).toBe(2160);
  });

  test('a chunk is committed once, and counted', async () => {
    const clock = testClock();
    const store = await open(clock);
    const { job, run, lease } = await working(store);
    await planChunks(store, job.id, lease, cut(2));
    const result = { number: 1, words, engine: 'whisper', model: 'base', workMs: 812.5, runId: run.id };
    expect(await commitChunk(store, job.id, lease, result)).toBe(true);
    const before = await everything(store);
    expect(await commitChunk(store, job.id, lease, { ...result, words: [] })).toBe(false);
    expect(await failChunk(store, job.id, lease, { number: 1, error: 'late' })).toBeUndefined();
    expect(await commitChunk(store, job.id, lease, { ...result, number: 99 })).toBe(false);
    expect(await everything(store)).toEqual(before);
    expect(await committedChunks(store, job.id)).toMatchObject([
      { number: 1, words, engine: 'whisper', model: 'base', work_ms: 812.5, committed_at: clock.now() },
    ]);
    expect((await getRun(store, run.id))?.chunks_committed).toBe(1);
  });

  test('a failed chunk counts its tries and can still be committed', async () => {
    const store = await open(testClock());
    const { job, run, lease } = await working(store);
    await planChunks(store, job.id, lease, cut(1));
    expect(await failChunk(store, job.id, lease, { number: 0, error: 'stalled', evidence: 'stderr' })).toBe(1);
    expect(await failChunk(store, job.id, lease, { number: 0, error: 'died' })).toBe(2);
    expect(await failChunk(store, job.id, lease, { number: 7, error: 'died' })).toBeUndefined();
    expect(await pendingChunks(store, job.id)).toMatchObject([
      { number: 0, status: 'error', attempts: 2, error_message: 'died', evidence: null },
    ]);
    const result = { number: 0, words, engine: 'whisper', model: 'base', workMs: 5, runId: run.id };
    expect(await commitChunk(store, job.id, lease, result)).toBe(true);
    expect(await pendingChunks(store, job.id)).toEqual([]);
  });

  test('a committed chunk ends the row of crashes', async () => {
    const store = await open(testClock());
    const { job, lease } = await working(store);
    await planChunks(store, job.id, lease, cut(2));
    await transition(store, job.id, 'pending', { actor: 'owner', reason: 'Crashed', set: { crash_count: 2 } });
    const again = (await claim(store))!;
    expect(again.job.crash_count).toBe(2);
    const result = { number: 0, words, engine: 'whisper', model: 'base', workMs: 5, runId: again.run.id };
    expect(await commitChunk(store, job.id, again.run.lease_token, result)).toBe(true);
    expect((await getJob(store, job.id))?.crash_count).toBe(0);
  });
}
