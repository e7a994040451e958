/** What would happen with a recording, which engines there are, and the recording that ships with Longhand. */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { ApiContext } from '../../src/api/context.ts';
import { buildServer } from '../../src/api/server.ts';
import { byteSize } from '../../src/domain/bytes.ts';
import { jobNeedBytes } from '../../src/domain/model-choice.ts';
import { allEngines } from '../../src/engines/registry.ts';
import { QueueOffError } from '../../src/jobs/errors.ts';
import { PACKAGE_ROOT } from '../../src/package-root.ts';
import { listPage } from '../../src/store/job-list.ts';
import { getJob } from '../../src/store/jobs.ts';
import { openStore } from '../../src/store/open.ts';
import { pauseQueue } from '../../src/store/queue-state.ts';
import type { Store } from '../../src/store/store.ts';
import { submit, temporaryFolder, testClock, working } from '../store/support.ts';
import { writeGgmlModel } from '../support/ggml-model.ts';
import { apiContext } from './api-context.ts';
import { guarded, keyed } from './doors-support.ts';

interface Here {
  server: FastifyInstance;
  store: Store;
  dataDir: string;
  wanted: number[];
}

/** With the engines of this machine. */
async function here(more: Partial<ApiContext> = {}): Promise<Here> {
  const dataDir = temporaryFolder();
  const store = await openStore({ file: join(dataDir, 'longhand.db'), clock: testClock() });
  const wanted: number[] = [];
  const want = (id: number) => wanted.push(id);
  const server = buildServer(apiContext(store, dataDir, { engines: allEngines(), want, ...more }));
  onTestFinished(async () => {
    await server.close();
    await store.close();
  });
  return { server, store, dataDir, wanted };
}

/** A machine on which nothing is installed. */
function bareMachine(): void {
  vi.stubEnv('PATH', temporaryFolder());
  onTestFinished(() => void vi.unstubAllEnvs());
}

/** A whisper.cpp of which only the presence matters, and its models, in the folder that the context's settings name. */
function withWhisper(cacheDir: string, ...models: ('tiny' | 'base' | 'medium')[]): void {
  const programs = temporaryFolder();
  writeFileSync(join(programs, 'whisper-cli'), '#!/bin/sh\necho whisper.cpp version: 1.9.1\n');
  chmodSync(join(programs, 'whisper-cli'), 0o700);
  vi.stubEnv('PATH', `${programs}:${process.env.PATH}`);
  onTestFinished(() => void vi.unstubAllEnvs());
  mkdirSync(join(cacheDir, 'models'), { recursive: true });
  for (const model of models) {
    // A small file under a published model's name: what it works with is taken from the name.
    writeGgmlModel(join(cacheDir, 'models', `ggml-${model}.bin`), { script: [0, ' yes', 1] });
  }
}

describe('the plan', () => {
  const plan = async ({ server }: Here, query = '') => (await server.inject(`/api/plan${query}`)).json();

  test('names engine, model and language, how long it takes and when it starts', async () => {
    const at = await here();
    const found = await plan(at, '?engine=pocketsphinx&durationSeconds=600');
    expect(found).toMatchObject({
      ...{ engine: 'pocketsphinx', model: 'en-us', language: 'en', installed: true, position: 1, startsInSeconds: 0 },
      obstacles: [],
    });
    expect(found.estimateSeconds).toBeGreaterThan(60);
    expect(found.endsInSeconds).toBeCloseTo(found.estimateSeconds, 0);
    expect(found.why).toMatch(/^PocketSphinx with the model en-us.*, in about \d+ (s|min)\.$/);
    expect(await plan(at, '?engine=pocketsphinx')).toMatchObject({ estimateSeconds: null, endsInSeconds: null });
    expect((await listPage(at.store, {}, { sort: 'newest', limit: 9 })).jobs).toEqual([]);
  });

  test('makes of the automatic choice what a job would, and says why not another one', async () => {
    const at = await here();
    expect(await plan(at, '?durationSeconds=60')).toMatchObject({
      engine: 'pocketsphinx',
      why: expect.stringMatching(/^PocketSphinx .*\. Not Whisper: .*longhand (engines install|models pull)/),
    });
  });

  test('chooses the Whisper model by length, as far as that goes', async () => {
    const at = await here();
    withWhisper(at.dataDir, 'tiny', 'base');
    const short = await plan(at, '?durationSeconds=60&language=th');
    expect(short).toMatchObject({ engine: 'whisper', model: 'base', language: 'th', obstacles: [] });
    expect(short.why).toMatch(/^Whisper with the model base \(.*5 min.*\), in about/);
    expect(await plan(at, '?language=th')).toMatchObject({
      model: 'auto',
      why: 'Whisper with the model that suits the recording once it was heard.',
    });
    expect(await plan(at, '?model=tiny&durationSeconds=60')).toMatchObject({ model: 'tiny' });
    const missing = await plan(at, '?engine=whisper&model=small');
    expect(missing).toMatchObject({ engine: null, model: null, installed: false });
    expect(missing.obstacles).toMatchObject([{ sentence: /small/, remedy: /longhand models pull small/ }]);
  });

  test('says whether a model that was asked for fits into the memory that is free, and into what a job may use', async () => {
    const gigabytes = { freeBytes: 8e9, limitBytes: 2e9 };
    const at = await here({ memory: () => gigabytes });
    withWhisper(at.dataDir, 'tiny', 'medium');
    const medium = '?model=medium&durationSeconds=60';
    const need = jobNeedBytes({ name: 'medium', sizeBytes: statSync(`${at.dataDir}/models/ggml-medium.bin`).size }, 1);
    expect(await plan(at, medium)).toMatchObject({ model: 'medium', obstacles: [] });
    Object.assign(gigabytes, { freeBytes: 0.5e9 });
    expect(await plan(at, medium)).toMatchObject({
      obstacles: [
        {
          sentence: `Model medium needs ${byteSize(need)} of memory with one engine worker, and 476.8 MB are free now.`,
          remedy: expect.stringMatching(/^It waits until/),
        },
      ],
    });
    Object.assign(gigabytes, { limitBytes: 0.4e9 });
    expect(await plan(at, medium)).toMatchObject({
      model: 'medium',
      obstacles: [
        {
          sentence: `Model medium needs ${byteSize(need)} of memory with one engine worker, and a job may use 381.5 MB.`,
          remedy: expect.stringContaining('MAX_MEMORY_PER_TRANSCRIPTION'),
        },
      ],
    });
    // Where Longhand chooses, it keeps to both.
    expect(await plan(at, '?engine=whisper&durationSeconds=600')).toMatchObject({
      model: 'tiny',
      why: expect.stringContaining('381.5 MB'),
      obstacles: [],
    });
    expect((await at.server.inject('/api/models')).json()).toMatchObject({
      memory: gigabytes,
      models: expect.arrayContaining([expect.objectContaining({ name: 'medium', jobBytes: need })]),
    });
  });

  test('says what to do where nothing is installed', async () => {
    bareMachine();
    const found = await plan(await here());
    expect(found).toMatchObject({ engine: null, model: null, installed: false, estimateSeconds: null, position: 1 });
    expect(found.obstacles).toHaveLength(1);
    expect(found.obstacles[0].sentence).toMatch(/No engine can do this.*Whisper: .*longhand engines install whisper/s);
  });

  test('knows the jobs before it, by priority, and the one in work', async () => {
    const at = await here();
    const job = { engine: 'pocketsphinx', model: 'en-us' } as const;
    await working(at.store, { ...job, filename: 'one.wav' });
    const waiting = [await submit(at.store, { ...job, priority: 5 }), await submit(at.store, job)];
    const length = { duration_minutes: 10 };
    await at.store.db.updateTable('transcription_jobs').set(length).where('id', '>', 0).execute();
    expect(waiting).toHaveLength(2);
    const last = await plan(at, '?engine=pocketsphinx&durationSeconds=60');
    expect(last).toMatchObject({ position: 3 });
    const between = await plan(at, '?engine=pocketsphinx&durationSeconds=60&priority=1');
    expect(between).toMatchObject({ position: 2 });
    const first = await plan(at, '?engine=pocketsphinx&durationSeconds=60&priority=9');
    expect(first).toMatchObject({ position: 1 });
    expect(first.startsInSeconds).toBeGreaterThan(0);
    expect(between.startsInSeconds).toBeGreaterThan(first.startsInSeconds);
    expect(last.startsInSeconds).toBeGreaterThan(between.startsInSeconds);
    expect(last.endsInSeconds).toBeGreaterThan(last.startsInSeconds);
    const { waiting: real } = (await at.server.inject('/api/queue')).json();
    expect(real).toHaveLength(2);
  });

  test('tells what is in the way: a paused queue, a queue that is off, a service that cannot work', async () => {
    const full = { code: 'disk_full', kind: 'disk', message: 'The disk is full.', remedy: 'Free some space.' } as const;
    const none = { code: 'no_engine', kind: 'model', message: 'None.' } as const;
    const service = { obstacles: async () => [full, none] } as unknown as NonNullable<ApiContext['service']>;
    const off = new QueueOffError('Two jobs are running.');
    const at = await here({ service, reservePlace: () => Promise.reject(off) });
    await pauseQueue(at.store, { by: 'user', reason: 'backup', actor: 'user' });
    const found = await plan(at, '?engine=pocketsphinx&durationSeconds=9');
    expect(found).toMatchObject({ engine: 'pocketsphinx', startsInSeconds: null, endsInSeconds: null });
    expect(found.obstacles).toEqual([
      { sentence: 'The disk is full.', remedy: 'Free some space.' },
      { sentence: off.message, remedy: off.remedy },
      { sentence: 'The queue is paused: backup.', remedy: 'It starts when the queue is resumed.' },
    ]);
  });

  test.each(['durationSeconds=0', 'durationSeconds=-1', 'durationSeconds=x', 'durationSeconds=1e300', 'engine=siri'])(
    'is not made of %s',
    async (query) => {
      const at = await here();
      expect(await plan(at, `?${query}`)).toMatchObject({ status: 400, code: 'usage' });
    },
  );

  test('names no file of this machine to others', async () => {
    const at = await guarded();
    const headers = await keyed(at, 'reader', 'read');
    const response = await at.server.inject({ url: '/api/plan?model=%2Fetc%2Fpasswd', headers });
    expect(response.json()).toMatchObject({ status: 403, code: 'path_not_allowed' });
  });
});

describe('the engines', () => {
  const engines = async ({ server }: Here) => (await server.inject('/api/engines')).json();

  test('are told with languages, models, and what is missing', async () => {
    const at = await here();
    const found = await engines(at);
    expect(found.auto).toBe('pocketsphinx');
    const [whisper, pocketsphinx, openai] = found.engines;
    expect(whisper).toMatchObject({
      ...{ name: 'whisper', label: 'Whisper', usable: false, detectsLanguage: true, choosesModel: true },
      problem: { sentence: /whisper/, remedy: /longhand (engines install|models pull)/ },
    });
    expect(whisper.languages).toEqual(expect.arrayContaining(['en', 'th']));
    expect(whisper.models).toContainEqual(
      expect.objectContaining({ name: 'base', installed: false, sizeBytes: 147_951_465 }),
    );
    expect(pocketsphinx).toMatchObject({
      ...{ name: 'pocketsphinx', usable: true, problem: null, languages: ['en'], choosesModel: false },
      models: [{ name: 'en-us', installed: true }],
    });
    expect(openai).toMatchObject({
      name: 'openai',
      usable: false,
      models: [],
      problem: { remedy: /LONGHAND_OPENAI_URL/ },
    });
  });

  test('tell of a model once it is there, and of its engine that it is what auto means', async () => {
    const at = await here();
    withWhisper(at.dataDir, 'tiny');
    const found = await engines(at);
    expect(found.auto).toBe('whisper');
    expect(found.engines[0]).toMatchObject({ usable: true, problem: null });
    const [tiny] = found.engines[0].models;
    expect(tiny).toMatchObject({ name: 'tiny', installed: true });
  });

  test('are none where nothing is installed', async () => {
    bareMachine();
    expect(await engines(await here())).toMatchObject({
      auto: null,
      engines: [{ usable: false }, { usable: false }, { usable: false }],
    });
  });
});

describe('the sample', () => {
  const uploads = ({ dataDir }: Here) => readdirSync(join(dataDir, 'uploads'));

  test('becomes a job like any upload, once', async () => {
    const at = await here();
    const response = await at.server.inject({ method: 'POST', url: '/api/sample' });
    expect(response.statusCode).toBe(201);
    const { id, ...made } = response.json();
    expect(made).toEqual({ filename: 'interview.flac', engine: 'pocketsphinx', model: 'en-us' });
    expect(at.wanted).toEqual([id]);
    const job = await getJob(at.store, id);
    expect(job).toMatchObject({ status: 'pending' });
    const path = job?.original_path as string;
    expect(path.startsWith(join(at.dataDir, 'uploads'))).toBe(true);
    expect(readFileSync(path).equals(readFileSync(join(PACKAGE_ROOT, 'samples', 'interview.flac')))).toBe(true);
    // Its text is not beside it: it is recognised for real.
    expect(readdirSync(join(path, '..'))).toEqual(['interview.flac']);
    const again = await at.server.inject({ method: 'POST', url: '/api/sample', body: {} });
    expect(again.statusCode).toBe(200);
    expect(again.json()).toMatchObject({ id, duplicateOf: { id, status: 'pending' } });
    expect(uploads(at)).toHaveLength(1);
    expect(at.wanted).toEqual([id]);
    const player = await at.server.inject({ method: 'HEAD', url: `/api/jobs/${id}/audio` });
    expect(player.headers['content-type']).toBe('audio/flac');
    expect((await at.server.inject({ method: 'DELETE', url: `/api/jobs/${id}` })).json()).toMatchObject({
      recordingRemoved: true,
    });
    expect(uploads(at)).toEqual([]);
  });

  test('leaves nothing when it is refused', async () => {
    const at = await here();
    const refused = await at.server.inject({ method: 'POST', url: '/api/sample', body: { language: 'th' } });
    expect(refused.json()).toMatchObject({ status: 400, detail: /language "th"/ });
    expect((await at.server.inject({ method: 'POST', url: '/api/sample', body: { path: '/x' } })).statusCode).toBe(400);
    expect(existsSync(join(at.dataDir, 'uploads')) ? uploads(at) : []).toEqual([]);
    expect((await listPage(at.store, {}, { sort: 'newest', limit: 9 })).jobs).toEqual([]);
  });

  test('that is not there is told', async () => {
    const at = await here({ sampleRecording: '/nowhere/interview.flac' });
    const response = await at.server.inject({ method: 'POST', url: '/api/sample' });
    expect(response.json()).toMatchObject({ status: 404, code: 'sample_missing' });
    expect(uploads(at)).toEqual([]);
  });
});
