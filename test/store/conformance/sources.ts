import { expect, it } from 'vitest';
import { finishJob, getJob, insertJobUnlessNewer, type NewJob, transition } from '../../../src/store/jobs.ts';
import { jobsOfContent, jobsOfFile, newestOfSize, noteSourceHash, unhashedOfSize } from '../../../src/store/sources.ts';
import { noteTold, noteWatched, notHandedIn, watchedResults } from '../../../src/store/watched-files.ts';
import type { OpenEmpty } from '../conformance.ts';
import { submit, testClock, working } from '../support.ts';

const JOB: NewJob = { filename: 'a.flac', originalPath: '/in/a.flac', sourceBytes: 5_000_000_000, actor: 'user' };

export function sourceTests(open: OpenEmpty): void {
  it('lets one of many insert who saw nothing of that size', async () => {
    const store = await open(testClock());
    const ids = await Promise.all(Array.from({ length: 8 }, () => insertJobUnlessNewer(store, JOB, 0)));
    expect(ids.filter((id) => id !== undefined)).toHaveLength(1);
    const newest = await newestOfSize(store.db, 5_000_000_000);
    expect(await insertJobUnlessNewer(store, JOB, newest)).toBeGreaterThan(newest);
    const other = await insertJobUnlessNewer(store, { ...JOB, sourceBytes: 7 }, 0);
    expect(await jobsOfFile(store, { path: '/in/a.flac', bytes: 7 })).toEqual([other]);
    expect(await jobsOfFile(store, { path: '/in/a.flac', bytes: 5_000_000_000 })).toHaveLength(2);
    expect(await jobsOfFile(store, { path: '/in/b.flac', bytes: 7 })).toEqual([]);
  });

  it('keeps the hash of a recording that is still the same, once', async () => {
    const store = await open(testClock());
    const id = await submit(store, { ...JOB, sourceModifiedMs: 10 });
    const [source] = await unhashedOfSize(store, 5_000_000_000);
    if (!source) throw new Error('It is not found.');
    expect(await noteSourceHash(store, { ...source, source_modified_ms: 11 }, 'ff')).toBe(false);
    expect(await noteSourceHash(store, source, 'ff')).toBe(true);
    expect(await noteSourceHash(store, source, 'ee')).toBe(false);
    expect(await unhashedOfSize(store, 5_000_000_000)).toEqual([]);
    expect(await jobsOfContent(store, { bytes: 5_000_000_000, sha256: 'ff' })).toMatchObject([{ id }]);
    expect(await jobsOfContent(store, { bytes: 5, sha256: 'ff' })).toEqual([]);
  });

  it('records a watched file with its job, and knows it until it is another one', async () => {
    const store = await open(testClock());
    const file = { path: '/in/a.flac', bytes: 5_000_000_000, modifiedMs: 10 };
    const other = { path: '/in/b.flac', bytes: 1, modifiedMs: 10 };
    expect(await notHandedIn(store, [file, other])).toEqual([file, other]);
    await submit(store, { ...JOB, sourceModifiedMs: 10, watched: true });
    expect(await notHandedIn(store, [file, other])).toEqual([other]);
    expect(await notHandedIn(store, [{ ...file, bytes: 6 }])).toHaveLength(1);
    expect(await notHandedIn(store, [{ ...file, modifiedMs: 11 }])).toHaveLength(1);
  });

  it('tells the results of watched files once each', async () => {
    const store = await open(testClock());
    const { job, lease } = await working(store, { ...JOB, sourceModifiedMs: 10, watched: true });
    const path = '/in/a.flac';
    expect(await watchedResults(store)).toEqual([]);
    await finishJob(store, job.id, lease, { transcript: 'x', elapsedSeconds: 1, speed: 1 });
    await noteWatched(store.db, { path: '/in/copy.flac', bytes: 1, modifiedMs: 1 }, job.id, 1);
    const result = { path, jobId: job.id, status: 'completed' };
    expect(await watchedResults(store)).toEqual([result, { ...result, path: '/in/copy.flac' }]);
    expect(await noteTold(store, result)).toBe(true);
    expect(await noteTold(store, result)).toBe(false);
    expect(await watchedResults(store)).toHaveLength(1);
    // The path has become another recording: its result is a new one.
    const id = await submit(store, { ...JOB, sourceModifiedMs: 20, watched: true });
    await transition(store, id, 'paused', { actor: 'user', reason: 'so', set: { paused_by: 'user' } });
    expect(await watchedResults(store)).toHaveLength(1);
    await transition(store, id, 'cancelled', { actor: 'user', reason: 'so' });
    expect(await watchedResults(store)).toContainEqual({ path, jobId: id, status: 'cancelled' });
    expect((await getJob(store, id))?.status).toBe('cancelled');
  });
}
