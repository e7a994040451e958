import { createHash } from 'node:crypto';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ApiClient } from '../../src/api/client.ts';
import type { ApiContext } from '../../src/api/context.ts';
import { NewsHub } from '../../src/api/events.ts';
import { buildServer } from '../../src/api/server.ts';
import type { StopReason } from '../../src/domain/outcome.ts';
import type { Engine } from '../../src/engines/engine.ts';
import type { Submission } from '../../src/jobs/submission.ts';
import { JobLog } from '../../src/logs/job-log.ts';
import { recordArtifact } from '../../src/store/artifacts.ts';
import { listPage } from '../../src/store/job-list.ts';
import { finishJob, getJob, transition } from '../../src/store/jobs.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { jobFolder, logPath } from '../../src/supervisor/job-files.ts';
import type { News } from '../../src/supervisor/news.ts';
import type { Transcript } from '../../src/transcript/transcript.ts';
import { claim, submit as insert, testClock, working } from '../store/support.ts';
import { apiContext } from './api-context.ts';

/** An engine of which only the choice matters here. */
const ENGINE: Engine = {
  name: 'pocketsphinx',
  label: 'PocketSphinx',
  chunkDurationSeconds: 30,
  maxChunkSeconds: 60,
  languages: ['en'],
  seedRealtimeFactor: () => 1,
  check: async () => ({ available: true, detail: 'here' }),
  resolveModel: async () => ({ name: 'en-us' }),
  memoryNeedBytes: async () => 0,
  openWorker: () => Promise.reject(new Error('Nothing is transcribed here.')),
};

/** Says when somebody listens. */
class Hub extends NewsHub {
  onListening: () => Promise<unknown> | undefined = () => undefined;

  override subscribe(jobId: number, listener: (news: News) => void): () => void {
    const unsubscribe = super.subscribe(jobId, listener);
    void this.onListening();
    return unsubscribe;
  }
}

interface Api {
  server: FastifyInstance;
  store: Store;
  hub: Hub;
  dataDir: string;
  wanted: number[];
  unwanted: { id: number; why: StopReason }[];
}

/** The server of a new data folder, over a real store. */
async function api(more: Partial<ApiContext> = {}): Promise<Api> {
  const dataDir = mkdtempSync(join(tmpdir(), 'api-'));
  const store = await openStore({ file: join(dataDir, 'longhand.db'), clock: testClock() });
  const hub = new Hub();
  const wanted: number[] = [];
  const unwanted: Api['unwanted'] = [];
  const context = apiContext(store, dataDir, {
    hub,
    engines: [ENGINE],
    want: (id) => wanted.push(id),
    unwant: (id, why) => unwanted.push({ id, why }) > 0,
    ...more,
  });
  const server = buildServer(context);
  onTestFinished(async () => {
    await server.close();
    await store.close();
    rmSync(dataDir, { recursive: true, force: true });
  });
  return { server, store, hub, dataDir, wanted, unwanted };
}

/** A recording in the data folder, and the wish to have it as text. */
function wish({ dataDir }: Api, more: Partial<Submission> = {}): Submission {
  const path = join(dataDir, "it's ไทย 😀\n--x.wav");
  writeFileSync(path, 'sound');
  const rest = { model: 'auto', language: 'auto', processes: 1, workers: 1, preprocessWorkers: 1, overlapSeconds: 0 };
  return { path, engine: 'auto', ...rest, ...more };
}

/** What every refusal looks like: a status, a code, a sentence for people, no inner workings. */
function expectProblem(
  response: Awaited<ReturnType<FastifyInstance['inject']>>,
  status: number,
  code: string,
  detail: RegExp,
): void {
  expect(response.headers['content-type']).toContain('application/problem+json');
  const problem = response.json();
  expect(problem).toMatchObject({ type: 'about:blank', status, code });
  expect(problem.detail).toMatch(detail);
  expect(problem.detail).toMatch(/^[A-Z"].*\.$/s);
  expect(response.body).not.toMatch(/\bat .+:\d+:\d+|evidence|node_modules/);
  expect(response.statusCode).toBe(status);
}

test('the owner says that it is alive', async () => {
  const { server } = await api();
  expect((await server.inject('/livez')).json()).toEqual({ status: 'alive' });
});

test.each([
  ['GET', '/'],
  ['GET', '/api'],
  ['PUT', '/api/jobs/1'],
  ['GET', '/api/jobs/1/nothing'],
] as const)('there is nothing at %s %s', async (method, url) => {
  const { server } = await api();
  expectProblem(await server.inject({ method, url }), 404, 'usage', new RegExp(`There is nothing at ${method} ${url}`));
});

describe('submitting', () => {
  test('a recording makes a job that shall run', async () => {
    const here = await api();
    const body = wish(here);
    const response = await here.server.inject({ method: 'POST', url: '/api/jobs', body });
    expect(response.statusCode).toBe(201);
    const { id, ...submitted } = response.json();
    expect(submitted).toMatchObject({
      filename: "it's ไทย 😀\n--x.wav",
      engine: 'pocketsphinx',
      model: 'en-us',
    });
    expect(here.wanted).toEqual([id]);
    expect(await getJob(here.store, id)).toMatchObject({ status: 'pending', original_path: body.path });
  });

  test.each<[string, (body: Submission) => object | string, RegExp]>([
    ['no path', ({ path: _, ...rest }) => rest, /path/],
    ['an empty path', (body) => ({ ...body, path: '' }), /path/],
    ['an unknown engine', (body) => ({ ...body, engine: 'siri' }), /^The request is not valid: engine: .*"auto"/],
    ['no processes', (body) => ({ ...body, processes: 0 }), /processes/],
    ['half a worker', (body) => ({ ...body, workers: 1.5 }), /workers/],
    ['a negative overlap', (body) => ({ ...body, overlapSeconds: -1 }), /overlapSeconds/],
    ['a name that was mistyped', (body) => ({ ...body, langauge: 'en' }), /langauge/],
    ['no object', () => [], /object/],
  ])('%s is refused in a plain sentence', async (_, spoil, detail) => {
    const here = await api();
    const response = await here.server.inject({ method: 'POST', url: '/api/jobs', body: spoil(wish(here)) });
    expectProblem(response, 400, 'usage', detail);
    expect((await listPage(here.store, {}, { sort: 'newest', limit: 9 })).jobs).toEqual([]);
  });

  test('what is not JSON is refused', async () => {
    const { server } = await api();
    const headers = { 'content-type': 'application/json' };
    const response = await server.inject({ method: 'POST', url: '/api/jobs', headers, payload: '{"path":' });
    expectProblem(response, 400, 'usage', /not valid JSON/);
    const xml = { 'content-type': 'text/xml' };
    const other = await server.inject({ method: 'POST', url: '/api/jobs', headers: xml, payload: '<path/>' });
    expectProblem(other, 415, 'usage', /Unsupported Media Type/);
  });

  test.each<[string, (here: Api) => Partial<Submission>, RegExp]>([
    ['a file that does not exist', ({ dataDir }) => ({ path: join(dataDir, 'none.wav') }), /There is no file ".*none/],
    ['a folder', ({ dataDir }) => ({ path: dataDir }), /is a folder/],
    ['a language the engine does not know', () => ({ language: 'th' }), /language "th"/],
    ['an engine that is not there', () => ({ engine: 'whisper' }), /no engine "whisper"/],
    ['chunks that are too long', () => ({ engine: 'pocketsphinx', chunkDurationSeconds: 61 }), /too long/],
  ])('%s is refused before a job exists', async (_, more, detail) => {
    const here = await api();
    const body = wish(here, more(here));
    expectProblem(await here.server.inject({ method: 'POST', url: '/api/jobs', body }), 400, 'usage', detail);
    expect((await listPage(here.store, {}, { sort: 'newest', limit: 9 })).jobs).toEqual([]);
    expect(here.wanted).toEqual([]);
  });

  test('an owner that is about to end takes nothing', async () => {
    const here = await api({ acceptsJobs: false });
    const submitting = await here.server.inject({ method: 'POST', url: '/api/jobs', body: wish(here) });
    expectProblem(submitting, 503, 'owner_leaving', /about to end/);
    const id = await insert(here.store);
    expectProblem(
      await here.server.inject({ method: 'POST', url: `/api/jobs/${id}/resume` }),
      503,
      'owner_leaving',
      /about to end/,
    );
    expect((await listPage(here.store, {}, { sort: 'newest', limit: 9 })).jobs).toHaveLength(1);
  });
});

describe('looking', () => {
  test('the list has the newest first, by state and up to a limit', async () => {
    const { server, store } = await api();
    const ids = [await insert(store), await insert(store), await insert(store)];
    const first = ids[0] as number;
    await transition(store, first, 'cancelled', { actor: 'user', reason: 'no need' });
    const list = async (query: string) =>
      (await server.inject(`/api/jobs${query}`)).json().jobs.map(({ id }: { id: number }) => id);
    expect(await list('')).toEqual([...ids].reverse());
    expect(await list('?limit=1')).toEqual([ids[2]]);
    expect(await list('?status=cancelled')).toEqual([first]);
    expect(await list('?status=failed')).toEqual([]);
  });

  test.each(['?status=lost', '?limit=0', '?limit=1001', '?limit=many'])('a list with %s is refused', async (query) => {
    const { server } = await api();
    expectProblem(await server.inject(`/api/jobs${query}`), 400, 'usage', /The request is not valid/);
  });

  test('a job is shown with its stages, chunks, runs and events', async () => {
    const { server, store } = await api();
    const { job } = await working(store, { stages: { prepare: 'not_started', diarize: 'skipped' } });
    const shown = (await server.inject(`/api/jobs/${job.id}/details`)).json();
    expect(shown).toMatchObject({
      id: job.id,
      filename: 'interview.flac',
      status: 'processing',
      chunks: { total: 0, complete: 0, failed: 0 },
      runs: [{ number: 1, outcome: null }],
      events: [{ type: 'submitted' }, { type: 'claimed' }],
    });
    expect(shown.stages.map(({ name }: { name: string }) => name).sort()).toEqual(['diarize', 'prepare']);
    expect(shown.createdAt).toMatch(/^\d{4}-.*Z$/);
    expect(JSON.stringify(shown)).not.toContain(job.lease_token);
  });

  test.each(['', '/log', '/transcript'])('a job that does not exist is not there (%s)', async (end) => {
    const { server } = await api();
    expectProblem(await server.inject(`/api/jobs/99${end}`), 404, 'job_not_found', /^There is no job 99\.$/);
  });

  test.each(['abc', '0', '-1', '1.5', '1e999'])('%s is not the number of a job', async (id) => {
    const { server } = await api();
    expectProblem(await server.inject(`/api/jobs/${id}`), 400, 'usage', /The request is not valid/);
  });
});

describe('resuming', () => {
  test('a job that rests makes it wait and shall run', async () => {
    const { server, store, wanted } = await api();
    const { job, lease } = await working(store);
    await transition(store, job.id, 'failed', { leaseToken: lease, actor: 'supervisor', reason: 'it broke' });
    const response = await server.inject({ method: 'POST', url: `/api/jobs/${job.id}/resume` });
    expect(response.json()).toEqual({ id: job.id, from: 'failed', opensAt: null });
    expect(wanted).toEqual([job.id]);
    expect(await getJob(store, job.id)).toMatchObject({ status: 'pending' });
  });

  test('a job that is in work leaves it alone', async () => {
    const { server, store } = await api();
    const { job, lease } = await working(store);
    const response = await server.inject({ method: 'POST', url: `/api/jobs/${job.id}/resume` });
    expect(response.json()).toEqual({ id: job.id, from: 'processing', opensAt: null });
    expect(await getJob(store, job.id)).toMatchObject({ status: 'processing', lease_token: lease });
  });

  test('a completed job is refused', async () => {
    const { server, store, wanted } = await api();
    const id = await completed(store);
    expectProblem(
      await server.inject({ method: 'POST', url: `/api/jobs/${id}/resume` }),
      409,
      'job_state',
      /is complete already/,
    );
    expect(wanted).toEqual([]);
    expect(await getJob(store, id)).toMatchObject({ status: 'completed' });
  });

  test('a job that does not exist is refused', async () => {
    const { server, wanted } = await api();
    expectProblem(
      await server.inject({ method: 'POST', url: '/api/jobs/99/resume' }),
      404,
      'job_not_found',
      /no job 99/,
    );
    expect(wanted).toEqual([]);
  });
});

describe('stopping', () => {
  test('is handed to the owner with the reason', async () => {
    const { server, unwanted } = await api();
    const response = await server.inject({ method: 'POST', url: '/api/jobs/7/stop', body: { why: 'interrupted' } });
    expect(response.json()).toEqual({ id: 7, stopping: true });
    expect(unwanted).toEqual([{ id: 7, why: 'interrupted' }]);
  });

  test.each([{}, { why: 'boredom' }, { why: 'shutdown', more: 1 }])('with %j is refused', async (body) => {
    const { server, unwanted } = await api();
    const response = await server.inject({ method: 'POST', url: '/api/jobs/7/stop', body });
    expectProblem(response, 400, 'usage', /The request is not valid/);
    expect(unwanted).toEqual([]);
  });
});

describe('the transcript', () => {
  const TRANSCRIPT: Transcript = {
    version: 1,
    durationMs: 2_000,
    language: 'en',
    engine: 'pocketsphinx',
    model: 'en-us',
    segments: [
      {
        startMs: 0,
        endMs: 1_000,
        text: 'good morning',
        words: [
          { text: 'good', startMs: 0, endMs: 500, confidence: 0.9 },
          { text: 'morning', startMs: 500, endMs: 1_000, confidence: 0.9 },
        ],
      },
    ],
    warnings: [],
  };

  /** A completed job with its transcript on disk. */
  async function transcribed({ store, dataDir }: Api): Promise<{ id: number; path: string }> {
    const { job, lease } = await working(store);
    const path = join(jobFolder(dataDir, job.id), 'transcript.json');
    mkdirSync(dirname(path), { recursive: true });
    const content = JSON.stringify(TRANSCRIPT);
    writeFileSync(path, content);
    await recordArtifact(store, job.id, lease, {
      stage: 'transcribe',
      name: 'transcript',
      path: 'transcript.json',
      sha256: createHash('sha256').update(content).digest('hex'),
      bytes: content.length,
    });
    await finishJob(store, job.id, lease, { transcript: 'good morning', elapsedSeconds: 1, speed: 2 });
    return { id: job.id, path };
  }

  test('comes in every format', async () => {
    const here = await api();
    const { id } = await transcribed(here);
    const get = (query: string) => here.server.inject(`/api/jobs/${id}/transcript${query}`);
    expect((await get('')).body).toContain('good morning');
    expect((await get('?format=json')).json()).toEqual(TRANSCRIPT);
    expect((await get('?format=srt')).body).toContain('00:00:00,000 --> 00:00:01,000');
    expect((await get('?format=vtt')).body).toMatch(/^WEBVTT/);
    expectProblem(await get('?format=doc'), 400, 'usage', /The request is not valid/);
  });

  test('of a job that is not complete is not there yet', async () => {
    const { server, store } = await api();
    const id = await insert(store);
    expectProblem(await server.inject(`/api/jobs/${id}/transcript`), 409, 'job_state', /has no transcript yet/);
  });

  test('that is not what was written is not handed out', async () => {
    const here = await api();
    const { id, path } = await transcribed(here);
    writeFileSync(path, JSON.stringify({ ...TRANSCRIPT, segments: [] }));
    const response = await here.server.inject(`/api/jobs/${id}/transcript`);
    expectProblem(response, 507, 'disk', /is not what Longhand wrote/);
    rmSync(path);
    expectProblem(await here.server.inject(`/api/jobs/${id}/transcript`), 507, 'disk', /cannot be read \(ENOENT\)/);
  });
});

describe('the log', () => {
  /** A job's log with lines 1 to 60. */
  function write({ dataDir }: Api, id: number): string {
    const path = logPath(dataDir, id);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, Array.from({ length: 60 }, (_, line) => `line ${line + 1}\n`).join(''));
    return path;
  }

  test('comes with its last lines', async () => {
    const here = await api();
    const id = await insert(here.store);
    expect((await here.server.inject(`/api/jobs/${id}/log`)).body).toBe('');
    write(here, id);
    const response = await here.server.inject(`/api/jobs/${id}/log`);
    expect(response.headers['content-type']).toContain('text/plain');
    expect(response.body.split('\n')).toHaveLength(51);
    expect((await here.server.inject(`/api/jobs/${id}/log?lines=2`)).body).toBe('line 59\nline 60\n');
    expectProblem(await here.server.inject(`/api/jobs/${id}/log?lines=-1`), 400, 'usage', /not valid/);
  });

  test('is followed to the end of the job, with no gap and no repeat', async () => {
    const here = await api();
    const { job, lease } = await working(here.store);
    const path = write(here, job.id);
    here.hub.onListening = async () => {
      for (let line = 61; line <= 200; line += 1) {
        appendFileSync(path, `line ${line}\n`);
        here.hub.tell({ type: 'logged', jobId: job.id });
        if (line % 10 === 0) await new Promise(setImmediate);
      }
      appendFileSync(path, 'the end\n');
      await finishJob(here.store, job.id, lease, { transcript: '', elapsedSeconds: 1, speed: 2 });
      here.hub.tell({ type: 'state', jobId: job.id, status: 'completed' });
    };
    const { body } = await here.server.inject(`/api/jobs/${job.id}/log?follow=true&lines=2`);
    const expected = Array.from({ length: 142 }, (_, line) => `line ${line + 59}\n`);
    expect(body).toBe(`${expected.join('')}the end\n`);
  });

  test('ends when the job came to rest before anybody listened', async () => {
    const here = await api();
    const { job, lease } = await working(here.store);
    write(here, job.id);
    // Nobody is told of it any more.
    here.hub.onListening = () => finishJob(here.store, job.id, lease, { transcript: '', elapsedSeconds: 1, speed: 2 });
    const { body } = await here.server.inject(`/api/jobs/${job.id}/log?follow=true&lines=1`);
    expect(body).toBe('line 60\n');
  });

  test('of a job at rest is not waited for', async () => {
    const here = await api();
    const id = await completed(here.store);
    write(here, id);
    expect((await here.server.inject(`/api/jobs/${id}/log?follow=true&lines=1`)).body).toBe('line 60\n');
  });

  test('says where its text ends, and goes on from there', async () => {
    const here = await api();
    const { job, lease } = await working(here.store);
    const path = write(here, job.id);
    const get = (query: string) => here.server.inject(`/api/jobs/${job.id}/log?${query}`);
    const shown = await get('lines=2');
    const position = Number(shown.headers['x-log-position']);
    expect(position).toBe(statSync(path).size);
    appendFileSync(path, 'line 61\nline 62\n');
    const next = await get(`from=${position}`);
    expect(next.body).toBe('line 61\nline 62\n');
    expect(next.headers['x-log-position']).toBe(String(position + next.body.length));
    expect((await get(`from=${position + next.body.length}`)).body).toBe('');
    here.hub.onListening = async () => {
      appendFileSync(path, 'line 63\n');
      await finishJob(here.store, job.id, lease, { transcript: '', elapsedSeconds: 1, speed: 2 });
      here.hub.tell({ type: 'state', jobId: job.id, status: 'completed' });
    };
    const followed = await get(`from=${position}&follow=true`);
    expect(followed.body).toBe('line 61\nline 62\nline 63\n');
    expect(followed.headers['x-log-position']).toBe(String(position));
    // At rest everything comes at once.
    here.hub.onListening = () => undefined;
    expect((await get('from=0&follow=true')).body).toBe(readFileSync(path, 'utf8'));
  });

  test('goes on in the parts that were rotated', async () => {
    const here = await api();
    const id = await completed(here.store);
    const path = logPath(here.dataDir, id);
    mkdirSync(dirname(path), { recursive: true });
    const log = new JobLog(path, { now: () => 0, limits: { rotateBytes: 500 } });
    for (let line = 1; line <= 50; line += 1) log.write('INFO', 'runner', `line ${line}`);
    await log.close();
    const { body, headers } = await here.server.inject(`/api/jobs/${id}/log?lines=100`);
    expect(body.match(/line \d+$/gm)).toEqual(Array.from({ length: 50 }, (_, line) => `line ${line + 1}`));
    expect(headers['x-log-position']).toBe(String(body.length));
    expect((await here.server.inject(`/api/jobs/${id}/log?from=0&follow=true`)).body).toBe(body);
  });

  test.each(['from=-1', 'from=1.5', 'from=x', 'from=1&lines=1'])('with %s is refused', async (query) => {
    const here = await api();
    const id = await insert(here.store);
    expectProblem(await here.server.inject(`/api/jobs/${id}/log?${query}`), 400, 'usage', /not valid/);
  });
});

describe('the news of a job', () => {
  test('begin with where it stands and come as they are told, of this job alone', async () => {
    const { server, store, hub, dataDir } = await api();
    const id = await insert(store);
    const socket = join(dataDir, 's');
    await server.listen({ path: socket });
    const events = new ApiClient(socket).events(`/api/jobs/${id}/events`);
    expect((await events.next()).value).toEqual({ event: 'ready', data: { type: 'ready' } });
    expect((await events.next()).value).toEqual({
      event: 'state',
      data: { type: 'state', jobId: id, status: 'pending', pausedBy: null },
    });
    hub.tell({ type: 'state', jobId: id + 1, status: 'processing' });
    hub.tell({ type: 'log', jobId: id, level: 'INFO', message: 'two\nlines: "ไทย"' });
    expect((await events.next()).value).toEqual({
      event: 'log',
      data: { type: 'log', jobId: id, level: 'INFO', message: 'two\nlines: "ไทย"' },
    });
    await events.return(undefined);
  });

  test('of a job that does not exist are not there', async () => {
    const { server } = await api();
    for (const path of ['events', 'log/events']) {
      expectProblem(await server.inject(`/api/jobs/99/${path}`), 404, 'job_not_found', /^There is no job 99\.$/);
    }
  });
});

/** A job that is done. */
async function completed(store: Store): Promise<number> {
  const id = await insert(store);
  const claimed = await claim(store, [id]);
  const lease = claimed?.job.lease_token as string;
  await finishJob(store, id, lease, { transcript: '', elapsedSeconds: 1, speed: 2 });
  return id;
}
