import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { JobStatus } from '../../src/domain/job.ts';
import { JobStateError } from '../../src/jobs/errors.ts';
import { resume } from '../../src/jobs/resume.ts';
import { type RetryWish, retry } from '../../src/jobs/retry.ts';
import { transcriptOf } from '../../src/jobs/transcript.ts';
import { recordArtifact } from '../../src/store/artifacts.ts';
import { chunkCounts, commitChunk, planChunks } from '../../src/store/chunks.ts';
import { listEvents } from '../../src/store/events.ts';
import { finishJob, getJob, transition } from '../../src/store/jobs.ts';
import { openStore } from '../../src/store/open.ts';
import { waiting } from '../../src/store/queue.ts';
import { listStages, setStage } from '../../src/store/stages.ts';
import type { Store } from '../../src/store/store.ts';
import { removeStaleFiles } from '../../src/supervisor/job-files.ts';
import { submit, temporaryFolder, testClock, working } from '../store/support.ts';

const PARAMETERS = { engine: 'whisper', model: 'small', language: 'th' };

/** Of a job whose files are gone. */
const NO_FILES = '/nonexistent';

async function newStore(): Promise<Store> {
  const store = await openStore({ file: join(temporaryFolder(), 'longhand.db'), clock: testClock() });
  onTestFinished(() => store.close());
  return store;
}

/** A job with all that a run leaves, in a state. */
async function jobThatIs(store: Store, status: JobStatus): Promise<number> {
  const stages = { download: 'skipped', prepare: 'not_started', transcribe: 'not_started' } as const;
  if (status === 'pending') return await submit(store, { parameters: PARAMETERS, stages });
  const { job, run, lease } = await working(store, { parameters: PARAMETERS, stages });
  await planChunks(store, job.id, lease, [
    { number: 0, startSample: 0, endSample: 10, speech: true },
    { number: 1, startSample: 10, endSample: 20, speech: false },
  ]);
  await commitChunk(store, job.id, lease, {
    ...{ number: 0, words: [], engine: 'whisper', model: 'base', workMs: 1, runId: run.id },
  });
  await setStage(store, job.id, lease, 'prepare', { status: 'complete', output: { samples: 20 } });
  await setStage(store, job.id, lease, 'transcribe', { status: 'complete', output: { model: 'base' } });
  for (const name of ['audio', 'transcript']) {
    await recordArtifact(store, job.id, lease, { stage: 'prepare', name, path: name, sha256: 'ab', bytes: 1 });
  }
  if (status === 'processing') return job.id;
  const how = { leaseToken: lease, actor: 'supervisor', reason: 'test', notBefore: store.clock.now() + 30_000 };
  const set = { smaller_model: 'tiny', progress: 70, elapsed_seconds: 9, retry_count: 2 };
  if (status === 'completed') await finishJob(store, job.id, lease, { transcript: 'old', elapsedSeconds: 1, speed: 1 });
  else await transition(store, job.id, status, { ...how, set });
  return job.id;
}

async function again(store: Store, id: number, wish: RetryWish = {}) {
  const removed: unknown[] = [];
  const settled: number[] = [];
  const done = await retry(
    {
      store,
      settled: async (job) => void settled.push(job),
      folderOf: () => NO_FILES,
      removeFiles: async (job, keep) => void removed.push([job, keep.names]),
    },
    id,
    wish,
  );
  return { done, removed, settled };
}

describe('retry', () => {
  it.each(['failed', 'cancelled'] as const)(
    'lets a %s job go on from its checkpoint, with what it had',
    async (from) => {
      const store = await newStore();
      const id = await jobThatIs(store, from);
      const { done, removed, settled } = await again(store, id);
      expect(done).toEqual({ id, from, beginning: 'checkpoint' });
      expect({ removed, settled }).toEqual({ removed: [], settled: [id] });
      expect(await getJob(store, id)).toMatchObject({ status: 'pending', smaller_model: 'tiny', retry_count: 0 });
      expect(await chunkCounts(store, id)).toMatchObject({ complete: 2 });
      expect((await listEvents(store, { jobId: id })).at(-1)).toMatchObject({
        actor: 'user',
        reason: expect.any(String),
      });
    },
  );

  it.each(['failed', 'completed'] as const)('of a %s job from the start forgets all but its old text', async (from) => {
    const store = await newStore();
    const id = await jobThatIs(store, from);
    const { done, removed } = await again(store, id, { fromStart: true });
    expect(done.beginning).toBe('start');
    expect(removed).toEqual([[id, ['transcript.json']]]);
    const job = await getJob(store, id);
    expect(job).toMatchObject({ status: 'pending', progress: 0, elapsed_seconds: 0, smaller_model: null });
    expect(JSON.parse(job?.parameters as string)).toEqual(PARAMETERS);
    expect(job?.transcript).toBe(from === 'completed' ? 'old' : null);
    expect((await chunkCounts(store, id)).total).toBe(0);
    const stages = await listStages(store, id);
    expect(stages.map(({ name, status, output }) => [name, status, output])).toEqual([
      ['download', 'skipped', null],
      ['prepare', 'not_started', null],
      ['transcribe', 'not_started', null],
    ]);
    const left = await store.db.selectFrom('artifacts').select('name').where('job_id', '=', id).execute();
    expect(left).toEqual([{ name: 'transcript' }]);
    expect(await waiting(store)).toMatchObject([{ job_id: id }]);
  });

  it('of the stage transcribe keeps the cut and the sound, and no words', async () => {
    const store = await newStore();
    const id = await jobThatIs(store, 'completed');
    const { removed } = await again(store, id, { stage: 'transcribe' });
    expect(removed).toEqual([]);
    expect(await chunkCounts(store, id)).toEqual({ total: 2, pending: 1, complete: 1, error: 0 });
    const stages = await listStages(store, id);
    expect(stages.map(({ status }) => status)).toEqual(['skipped', 'complete', 'not_started']);
  });

  it('says of a stage that there is not which there are', async () => {
    const store = await newStore();
    const id = await jobThatIs(store, 'completed');
    await expect(again(store, id, { stage: 'quotes' })).rejects.toThrow(/does not do the stage quotes yet/);
    await expect(again(store, id, { stage: 'foo' })).rejects.toMatchObject({
      message: 'There is no stage "foo".',
      remedy: 'Stages that can be done again: prepare, transcribe.',
    });
    await expect(again(store, id, { stage: 'prepare', fromStart: true })).rejects.toThrow(/not both/);
    expect(await getJob(store, id)).toMatchObject({ status: 'completed' });
  });

  it.each(['completed', 'paused', 'pending', 'processing'] as const)(
    'refuses a %s job and says what to do',
    async (from) => {
      const store = await newStore();
      const id = await jobThatIs(store, from);
      const error = await again(store, id).catch((refused) => refused);
      expect(error).toBeInstanceOf(JobStateError);
      expect(error.remedy).toContain(
        `longhand ${{ completed: 'retry', paused: 'resume', pending: 'resume', processing: 'show' }[from]} ${id}`,
      );
      expect(await getJob(store, id)).toMatchObject({ status: from });
    },
  );

  it.each([resume, (store: Store, id: number) => again(store, id)])(
    'and resume end the wait of a job that would try later',
    async (act) => {
      const store = await newStore();
      const id = await jobThatIs(store, 'retrying');
      await act(store, id);
      expect(await getJob(store, id)).toMatchObject({ status: 'pending', retry_count: 2 });
      expect(await waiting(store)).toMatchObject([{ job_id: id, not_before: 0 }]);
    },
  );
});

it('the old transcript is not taken for the new one while that takes its place', async () => {
  const store = await newStore();
  const id = await jobThatIs(store, 'completed');
  await again(store, id, { stage: 'transcribe' });
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'transcript'), 'half of the new one');
  await expect(transcriptOf(store, id, folder)).rejects.toThrow(/is just being replaced/);
});

it('files from before are removed, but none that the next run has begun, nor the transcript', async () => {
  const folder = temporaryFolder();
  for (const name of ['audio.s16le', 'transcript.json', 'new.part']) writeFileSync(join(folder, name), 'x');
  mkdirSync(join(folder, 'scratch'));
  utimesSync(join(folder, 'audio.s16le'), 1, 1);
  utimesSync(join(folder, 'transcript.json'), 1, 1);
  await removeStaleFiles(folder, { names: ['transcript.json'], newerThanMs: 1_000_000 });
  expect(readdirSync(folder).sort()).toEqual(['new.part', 'scratch', 'transcript.json']);
});
