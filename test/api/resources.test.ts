/** Lists, many jobs at once, and single resources, of a service that starts no job. */
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { attachment } from '../../src/api/attachment.ts';
import { scratchPath } from '../support/scratch.ts';
import { type Service, startService } from './service.ts';

const SECRET = 'sk-a-very-secret-key';

let service: Service;
let ids: number[];
beforeAll(async () => {
  service = await startService({
    LONGHAND_OPENAI_KEY: SECRET,
    LONGHAND_OPENAI_URL: `http://me:${SECRET}@127.0.0.1:9/v1`,
  });
  await service.api.post('/api/queue/pause', {});
  ids = [];
  for (const name of ['one', 'two', 'three', 'four', 'five']) ids.push(await handIn(name));
});
afterAll(() => service.stop());

async function handIn(name: string): Promise<number> {
  const path = scratchPath(`${name}.wav`);
  writeFileSync(path, name.repeat(100));
  const wish = { path, engine: 'pocketsphinx', model: 'auto', language: 'en', processes: 1, workers: 1 };
  return (await service.api.post<{ id: number }>('/api/jobs', { ...wish, preprocessWorkers: 1, overlapSeconds: 0 })).id;
}

async function get<T = Record<string, unknown>>(path: string): Promise<{ status: number; body: T }> {
  const response = await fetch(service.address + path);
  return { status: response.status, body: (await response.json()) as T };
}

async function post(path: string, body: object, method = 'POST') {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(service.address + path, { method, headers, body: JSON.stringify(body) });
  return { status: response.status, body: await response.json() };
}

interface Page {
  jobs: { id: number; filename: string }[];
  nextCursor: string | null;
}

test('a list goes on at its cursor, and another list does not take it', async () => {
  const first = await get<Page>('/api/jobs?sort=name&limit=3');
  expect(first.body.jobs.map(({ filename }) => filename)).toEqual(['five.wav', 'four.wav', 'one.wav']);
  const cursor = encodeURIComponent(first.body.nextCursor as string);
  const second = await get<Page>(`/api/jobs?sort=name&limit=3&cursor=${cursor}`);
  expect(second.body.jobs.map(({ filename }) => filename)).toEqual(['three.wav', 'two.wav']);
  expect(second.body.nextCursor).toBeNull();
  for (const query of [
    `sort=oldest&cursor=${cursor}`,
    `sort=name&q=a&cursor=${cursor}`,
    'cursor=bm9uc2Vuc2U',
    'cursor=W10',
  ]) {
    expect(await get(`/api/jobs?${query}`), query).toMatchObject({ status: 400, body: { code: 'bad_cursor' } });
  }
  expect((await get<Page>('/api/jobs?q=THREE&status=pending,failed')).body.jobs).toMatchObject([
    { filename: 'three.wav' },
  ]);
});

test('many jobs are controlled at once, and each is told', async () => {
  const [a, b, c] = ids as [number, number, number];
  const paused = await post('/api/jobs/bulk', { action: 'pause', ids: [a, 999, b, a] });
  expect(paused).toMatchObject({
    status: 207,
    body: {
      done: 2,
      failed: 1,
      results: [
        { id: a, done: true, answer: { to: 'paused' } },
        { id: 999, done: false, problem: { code: 'job_not_found', status: 404 } },
        { id: b, done: true },
      ],
    },
  });
  const resumed = await post('/api/jobs/bulk', { action: 'resume', filter: { status: 'paused' } });
  expect(resumed).toMatchObject({ status: 200, body: { done: 2, failed: 0, more: false } });
  expect((await get(`/api/jobs/${a}/state`)).body).toMatchObject({ status: 'pending' });
  await post('/api/jobs/bulk', { action: 'priority', priority: 7, filter: { q: 'three' } });
  expect((await get(`/api/jobs/${c}`)).body).toMatchObject({ priority: 7, position: 1 });
  const deleted = await post('/api/jobs/bulk', { action: 'delete', ids: [a] });
  expect(deleted).toMatchObject({ status: 200, body: { results: [{ answer: { filename: 'one.wav' } }] } });
  expect((await get(`/api/jobs/${a}`)).status).toBe(404);
});

test.each<[string, object, RegExp]>([
  ['neither ids nor filter', { action: 'pause' }, /ids/],
  ['both', { action: 'pause', ids: [1], filter: {} }, /ids/],
  ['no ids', { action: 'pause', ids: [] }, /ids/],
  ['too many', { action: 'pause', ids: Array.from({ length: 1001 }, (_, index) => index + 1) }, /ids/],
  ['no priority', { action: 'priority', ids: [1] }, /priority/],
  ['a priority for nothing', { action: 'pause', priority: 1, ids: [1] }, /priority/],
  ['an unknown action', { action: 'explode', ids: [1] }, /action/],
  ['a mistyped filter', { action: 'pause', filter: { stauts: 'failed' } }, /stauts/],
])('many jobs with %s are refused as a whole', async (_, body, detail) => {
  const answer = await post('/api/jobs/bulk', body);
  expect(answer).toMatchObject({ status: 400, body: { detail: expect.stringMatching(detail) } });
});

test('the parts of a job agree with its details', async () => {
  const id = ids[3] as number;
  const { body: details } = await get<Record<string, unknown[]>>(`/api/jobs/${id}/details`);
  for (const part of ['runs', 'stages', 'artifacts']) {
    expect((await get(`/api/jobs/${id}/${part}`)).body, part).toEqual({ [part]: details[part] });
  }
  expect(details.stages?.length).toBeGreaterThan(1);
  const { body } = await get<{ events: { id: number; sentence: string }[] }>(`/api/jobs/${id}/history`);
  expect(body.events).toMatchObject([{ sentence: 'Submitted by the user.' }]);
  expect((await get(`/api/jobs/${id}/history?after=${body.events[0]?.id}`)).body).toEqual({ events: [] });
  expect((await get(`/api/jobs/${id}/chunks`)).body).toMatchObject({ total: 0, chunks: [], next: null });
  for (const part of ['details', 'runs', 'stages', 'artifacts', 'chunks', 'history', 'usage', 'state', 'transcript']) {
    expect((await get(`/api/jobs/999/${part}`)).status, part).toBe(404);
  }
});

test('settings say where they come from and keep secrets', async () => {
  const response = await fetch(`${service.address}/api/settings`);
  const text = await response.text();
  expect(text).not.toContain(SECRET);
  const { settings } = JSON.parse(text) as { settings: { name: string }[] };
  const of = (name: string) => settings.find((setting) => setting.name === name);
  expect(of('openaiKey')).toMatchObject({ value: '[hidden]', source: 'environment', variable: 'LONGHAND_OPENAI_KEY' });
  expect(of('openaiUrl')).toMatchObject({ value: '[hidden]', source: 'environment' });
  expect(of('modelMirror')).toMatchObject({ value: 'http://127.0.0.1:9', source: 'flag' });
  expect(of('port')).toMatchObject({ value: 0, source: 'flag' });
  expect(of('maxRetries')).toMatchObject({ value: 3, source: 'default' });
  expect(of('databaseUrl')).toMatchObject({ value: null });
});

test('statistics count what there is', async () => {
  const { body } = await get<{ days: unknown[] }>('/api/statistics?days=3');
  expect(body).toMatchObject({ jobs: { byStatus: { completed: 0 } }, successRate: null, speed: null, failures: [] });
  expect(body.days).toHaveLength(3);
  expect(body.days.at(-1)).toMatchObject({ date: new Date().toISOString().slice(0, 10) });
  expect((await get('/api/statistics?days=0')).status).toBe(400);
});

test('a model is pulled in the background, and the download can be stopped', async () => {
  expect(await post('/api/models', { name: 'tinny' })).toMatchObject({
    status: 404,
    body: { code: 'model_not_found', detail: expect.stringContaining("did you mean 'tiny'") },
  });
  expect(await post('/api/models', { name: 'tiny' })).toMatchObject({
    status: 202,
    body: { name: 'tiny', status: 'pulling' },
  });
  expect((await get('/api/models/pulls')).body).toMatchObject({ pulls: [{ name: 'tiny' }] });
  expect(await post('/api/models/pulls/tiny', {}, 'DELETE')).toMatchObject({
    status: 200,
    body: { status: 'cancelled' },
  });
  expect(await post('/api/models/pulls/base', {}, 'DELETE')).toMatchObject({ status: 404 });
  expect(await post('/api/models/tiny', {}, 'DELETE')).toMatchObject({ status: 404 });
  expect((await get('/api/models')).body).toMatchObject({
    models: expect.arrayContaining([expect.objectContaining({ name: 'tiny', installed: false })]),
  });
});

test.each([
  ['talk.flac', 'attachment; filename="talk.srt"; filename*=UTF-8\'\'talk.srt'],
  ['../../etc/passwd', 'attachment; filename="passwd.srt"; filename*=UTF-8\'\'passwd.srt'],
  ['a"; x=\r\nset-cookie: b.wav', /^attachment; filename="[^"\r\n]*"; filename\*=UTF-8''[\w%.-]+$/],
  ['สวัสดี 😀.wav', /^attachment; filename="[\x20-\x7e]+"; filename\*=UTF-8''%E0%B8%AA[\w%.-]+\.srt$/],
  ['....', 'attachment; filename="transcript.srt"; filename*=UTF-8\'\'transcript.srt'],
])('%j is saved under a harmless name', (name, header) => {
  expect(attachment(name, 'srt')).toEqual(typeof header === 'string' ? header : expect.stringMatching(header));
});
