import { mkdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Engine } from '../../src/engines/engine.ts';
import { resume } from '../../src/jobs/resume.ts';
import type { Submission } from '../../src/jobs/submission.ts';
import { submit } from '../../src/jobs/submit.ts';
import { finishJob, getJob, transition } from '../../src/store/jobs.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { claim, temporaryFolder, testClock } from '../store/support.ts';

/** Only what is chosen matters here: nothing is transcribed. */
const ENGINE = {
  name: 'pocketsphinx',
  label: 'PocketSphinx',
  chunkDurationSeconds: 30,
  maxChunkSeconds: 60,
  languages: ['en', 'th'],
  check: async () => ({ available: true, detail: 'here' }),
  resolveModel: async (requested: string) => ({ name: requested === 'auto' ? 'en-us' : requested }),
} as unknown as Engine;

interface Here {
  store: Store;
  /** Writes a file. @returns its path */
  file(name: string, content: string): string;
  submit(path: string, more?: Partial<Submission>): ReturnType<typeof submit>;
  /** Takes the next job to its end. */
  finish(): Promise<void>;
}

async function here(): Promise<Here> {
  const folder = temporaryFolder();
  const store = await openStore({ file: join(folder, 'longhand.db'), clock: testClock() });
  onTestFinished(() => store.close());
  const context = { store, engines: [ENGINE], settings: { cacheDir: folder } };
  const wish = { engine: 'pocketsphinx', model: 'auto', language: 'auto', processes: 1, workers: 1 } as const;
  return {
    store,
    file(name, content) {
      mkdirSync(join(folder, name, '..'), { recursive: true });
      writeFileSync(join(folder, name), content);
      return join(folder, name);
    },
    submit: (path, more) => submit(context, { ...wish, preprocessWorkers: 1, overlapSeconds: 0, path, ...more }),
    async finish() {
      const claimed = await claim(store);
      if (!claimed) throw new Error('Nothing waits.');
      await finishJob(store, claimed.job.id, claimed.job.lease_token as string, {
        transcript: 'good morning',
        elapsedSeconds: 1,
        speed: 1,
      });
    },
  };
}

describe('the same content', () => {
  it('of another user is not told to be there, and neither is what a number stands for', async () => {
    const { store, file, submit } = await here();
    const [first, second] = [file('a.wav', 'one'), file('b.wav', 'one')];
    expect(await submit(first, { userId: 'anna' })).toMatchObject({ id: 1 });
    const bens = await submit(second, { userId: 'ben' });
    expect(bens).toEqual({ id: 2, filename: 'b.wav', engine: 'pocketsphinx', model: 'en-us' });
    expect(await submit(second, { userId: 'ben' })).toMatchObject({ duplicateOf: { id: 2 } });
    await expect(submit(second, { userId: 'ben', id: 1 })).rejects.toThrow(/^There is a job 1 already\.$/);
    // Who sees all is told of all.
    expect(await submit(first)).toMatchObject({ duplicateOf: { id: 2 } });
    expect(await getJob(store, 2)).toMatchObject({ user_id: 'ben', parameters: expect.not.stringContaining('ben') });
  });

  it('under another name is the job that was done before', async () => {
    const { file, submit, finish } = await here();
    expect(await submit(file('a.wav', 'one'))).toEqual({
      id: 1,
      filename: 'a.wav',
      engine: 'pocketsphinx',
      model: 'en-us',
    });
    await finish();
    expect(await submit(file('sub/b.mp3', 'one'))).toMatchObject({
      id: 1,
      filename: 'b.mp3',
      duplicateOf: { id: 1, status: 'completed' },
    });
  });

  it.each(['failed', 'cancelled', 'paused'] as const)('is found when its job %s, and can go on', async (status) => {
    const { store, file, submit } = await here();
    const path = file('a.wav', 'one');
    await submit(path);
    await transition(store, 1, status, { actor: 'user', reason: 'so' });
    expect(await submit(path)).toMatchObject({ id: 1, duplicateOf: { status } });
    expect(await resume(store, 1)).toBe(status);
    expect(await submit(path)).toMatchObject({ id: 1, duplicateOf: { status: 'pending' } });
  });

  it('is found among jobs of the same size only when it is the same', async () => {
    const { store, file, submit } = await here();
    await submit(file('a.wav', 'one'));
    expect((await getJob(store, 1))?.source_sha256).toBeNull();
    expect(await submit(file('b.wav', 'two'))).not.toHaveProperty('duplicateOf');
    // Both were hashed for the comparison, and need not be again.
    const hashes = [await getJob(store, 1), await getJob(store, 2)].map((job) => job?.source_sha256);
    expect(new Set(hashes).size).toBe(2);
    expect(hashes).not.toContain(null);
    expect(await submit(file('c.wav', 'three'))).toMatchObject({ id: 3 });
    expect((await getJob(store, 3))?.source_sha256).toBeNull();
  });

  it('asked for in another way is a new job, which names the older one', async () => {
    const { file, submit, finish } = await here();
    const path = file('a.wav', 'one');
    await submit(path);
    await finish();
    expect(await submit(path, { model: 'small' })).toMatchObject({ id: 2, earlier: 1 });
    expect(await submit(path, { language: 'th' })).toMatchObject({ id: 3, earlier: 2 });
    expect(await submit(path, { chunkDurationSeconds: 5 })).toMatchObject({ id: 4 });
    // Threads and workers change no word.
    expect(await submit(path, { workers: 4, processes: 2 })).toMatchObject({ id: 1, duplicateOf: { id: 1 } });
    expect(await submit(path, { model: 'en-us' })).toMatchObject({ id: 1, duplicateOf: { id: 1 } });
  });

  it('is a new job when it is to be done again; a text is preferred to work under way', async () => {
    const { file, submit, finish } = await here();
    const path = file('a.wav', 'one');
    await submit(path);
    await finish();
    expect(await submit(path, { again: true })).toEqual({
      id: 2,
      filename: 'a.wav',
      engine: 'pocketsphinx',
      model: 'en-us',
    });
    expect(await submit(path)).toMatchObject({ duplicateOf: { id: 1, status: 'completed' } });
  });

  it('handed in twelve times at once is one job', async () => {
    const { store, file, submit } = await here();
    const paths = Array.from({ length: 12 }, (_, n) => file(`${n}.wav`, 'one'));
    const answers = await Promise.all(paths.map((path) => submit(path)));
    expect(new Set(answers.map(({ id }) => id))).toEqual(new Set([1]));
    expect(answers.filter(({ duplicateOf }) => duplicateOf)).toHaveLength(11);
    expect(await getJob(store, 2)).toBeUndefined();
  });
});

describe('a job that waits', () => {
  it('whose recording is another one by now is no duplicate', async () => {
    const { store, file, submit } = await here();
    const path = file('a.wav', 'one');
    await submit(path);
    writeFileSync(path, 'two');
    utimesSync(path, new Date(), new Date(statSync(path).mtimeMs + 5_000));
    expect(await submit(file('b.wav', 'two'))).toMatchObject({ id: 2 });
    expect((await getJob(store, 1))?.source_sha256).toBeNull();
  });

  it('whose recording is gone keeps nobody from handing theirs in', async () => {
    const { file, submit } = await here();
    const path = file('a.wav', 'one');
    await submit(path);
    rmSync(path);
    expect(await submit(file('b.wav', 'one'))).toMatchObject({ id: 2 });
  });
});

it('never takes empty files for the same recording', async () => {
  const { file, submit } = await here();
  await submit(file('a.wav', ''));
  expect(await submit(file('b.wav', ''))).toEqual(expect.objectContaining({ id: 2 }));
});
