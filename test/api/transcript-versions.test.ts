/** Versions of a transcript over HTTP, of a service on a real store; the engine's part is done by hand. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeFileAtomically } from '../../src/files/directory.ts';
import { recordArtifact } from '../../src/store/artifacts.ts';
import { finishJob, setJobFacts } from '../../src/store/jobs.ts';
import { jobFolder, prepareJobFolder } from '../../src/supervisor/job-files.ts';
import { formatTranscript } from '../../src/transcript/formats/index.ts';
import { segmentWords } from '../../src/transcript/segments.ts';
import type { Transcript } from '../../src/transcript/transcript.ts';
import { claim, submit } from '../store/support.ts';
import { type LiveService, liveService } from './live-service.ts';

/** What an engine heard: so many words, a pause behind every eighth. */
function heard(words: readonly string[]): Transcript {
  const said = words.map((text, index) => {
    const startMs = index * 300 + Math.floor(index / 8) * 1_000;
    return { text, startMs, endMs: startMs + 250, confidence: 0.8 };
  });
  const durationMs = said.at(-1)?.endMs ?? 0;
  return {
    version: 1,
    durationMs,
    language: 'en',
    engine: 'whisper',
    model: 'base',
    segments: segmentWords(said),
    warnings: [],
  };
}

/** Does to a job what a run does at its end. */
async function transcribed({ store, dataDir }: LiveService, id: number, transcript: Transcript): Promise<void> {
  const lease = (await claim(store, [id]))?.job.lease_token as string;
  await setJobFacts(store, id, { leaseToken: lease, engine: 'whisper', model: transcript.model });
  const folder = jobFolder(dataDir, id);
  await prepareJobFolder(folder);
  const written = await writeFileAtomically(join(folder, 'transcript.json'), formatTranscript(transcript, 'json'));
  await recordArtifact(store, id, lease, {
    stage: 'transcribe',
    name: 'transcript',
    path: 'transcript.json',
    ...written,
  });
  const text = formatTranscript(transcript, 'txt');
  expect(await finishJob(store, id, lease, { transcript: text, elapsedSeconds: 1, speed: 1 })).toBe(true);
}

async function withJob(words: string) {
  const service = await liveService();
  const id = await submit(service.store, { filename: 'interview.flac' });
  await transcribed(service, id, heard(words.split(' ')));
  const at = `${service.url}/api/jobs/${id}/transcript`;
  const json = async (path = '', init?: RequestInit) => {
    const response = await fetch(at + path, init);
    // biome-ignore lint/suspicious/noExplicitAny: what it is, is what the test asks
    const body: any = await response.json();
    return { status: response.status, headers: response.headers, body };
  };
  const send = (method: string, path: string, body: unknown) =>
    json(path, { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  const save = (base: number, texts: (string | object)[], more: object = {}) => {
    const segments = texts.map((text, index) => (typeof text === 'string' ? { index, text } : text));
    return send('PUT', '', { base, segments, ...more });
  };
  const text = async (query = '') => (await fetch(`${at}${query}`)).text();
  return { service, id, at, json, send, save, text };
}

const SAID = 'the quick brown fox jumps over the lazy dog it was a fine day';

test('the only version is what the engine heard', async () => {
  const { json, text } = await withJob(SAID);
  const { status, body } = await json('/versions');
  expect(status).toBe(200);
  expect(body).toEqual({
    versions: [
      {
        ...{ number: 1, kind: 'engine', author: 'whisper, model base', createdAt: expect.any(String) },
        ...{ note: null, segmentsChanged: null, restored: null },
      },
    ],
  });
  expect(await text('?version=1')).toBe(await text());
  expect(await json('?version=2')).toMatchObject({
    ...{ status: 404, body: { code: 'version_not_found', detail: expect.stringContaining('the newest is 1') } },
  });
  expect((await json('?format=json')).headers.get('x-transcript-version')).toBe('1');
});

test('a change is the next version: it is read, exported, searched and told, and the first one stays', async () => {
  const { service, id, json, save, text } = await withJob(SAID);
  const first = (await json('?format=json')).body;
  const answer = await save(1, ['the quick brown cat jumps over the lazy', 'dog it was a fine day'], {
    speakers: { a: 'Ann' },
    note: 'It was a cat',
  });
  expect(answer).toMatchObject({
    status: 200,
    body: {
      saved: true,
      version: { number: 2, kind: 'person', author: 'user', note: 'It was a cat', segmentsChanged: 1 },
    },
  });
  expect(await text()).toContain('brown cat');
  expect(await text('?format=srt')).toContain('brown cat');
  expect((await json('?format=json&version=1')).body).toEqual(first);
  const second = (await json('?format=json')).body as Transcript;
  const changed = second.segments[0]!.words.filter(({ edited }) => edited);
  expect(changed).toEqual([{ ...first.segments[0].words[3], text: 'cat', confidence: 1, edited: true }]);
  const found = async (q: string) =>
    ((await (await fetch(`${service.url}/api/jobs?q=${q}`)).json()) as { jobs: [] }).jobs.length;
  expect([await found('cat'), await found('fox')]).toEqual([1, 0]);
  const { events } = (await (await fetch(`${service.url}/api/audit?job=${id}`)).json()) as { events: object[] };
  expect(events.at(-1)).toMatchObject({
    ...{ type: 'edited', actor: 'user', data: { version: 2, base: 1, segmentsChanged: 1 } },
    sentence: 'Transcript edited by the user: version 2, 1 passage changed.',
  });
});

test('whoever changes a version that is not the newest hears which one is', async () => {
  const { json, save } = await withJob(SAID);
  const [one, two] = await Promise.all([save(1, ['one']), save(1, ['two'])]);
  expect([one.status, two.status].sort()).toEqual([200, 409]);
  const late = await save(1, ['late']);
  expect(late).toMatchObject({
    ...{ status: 409, body: { code: 'version_conflict', detail: expect.stringContaining('at version 2') } },
  });
  expect((await json('/versions')).body.versions).toHaveLength(2);
});

test('what changes nothing makes no version', async () => {
  const { json, save } = await withJob(SAID);
  const { segments } = (await json('?format=json')).body as Transcript;
  const same = segments.map(({ text }) => text);
  expect(await save(1, same)).toMatchObject({ status: 200, body: { saved: false, version: { number: 1 } } });
  expect((await json('/versions')).body.versions).toHaveLength(1);
});

test('an older version is fetched back as the newest, and two are compared', async () => {
  const { json, save, send, text } = await withJob(SAID);
  const first = await text();
  await save(
    1,
    ['the quick brown cat jumps over the lazy', { index: 1, text: 'dog it was a fine day', speaker: 'a' }],
    {
      speakers: { a: 'Ann' },
    },
  );
  const { body } = await json('/compare?from=1&to=2');
  expect(body).toMatchObject({
    ...{ from: 1, to: 2, changed: 2, next: null, speakers: [{ speaker: 'a', from: null, to: 'Ann' }] },
    passages: [
      {
        ...{ from: [0], to: [0], speaker: null },
        runs: [
          { type: 'equal', text: 'the quick brown' },
          { type: 'delete', text: ' fox' },
          { type: 'insert', text: ' cat' },
          { type: 'equal', text: ' jumps over the lazy' },
        ],
      },
      { speaker: { from: null, to: 'a' } },
    ],
  });
  const [page, rest] = [await json('/compare?from=1&to=2&limit=1'), await json('/compare?from=1&to=2&limit=1&after=1')];
  expect([page.body.passages.length, page.body.next, rest.body.passages.length, rest.body.next]).toEqual([
    1,
    1,
    1,
    null,
  ]);
  expect(await send('POST', '/versions/1/restore', {})).toMatchObject({
    ...{ status: 200, body: { saved: true, version: { number: 3, restored: 1, segmentsChanged: 2 } } },
  });
  expect(await text()).toBe(first);
  expect((await json('/compare?from=1&to=3')).body).toMatchObject({ changed: 0, passages: [], speakers: [] });
  expect((await send('POST', '/versions/9/restore', {})).status).toBe(404);
  expect((await json('/compare?from=1&to=9')).status).toBe(404);
});

test('when a job is done again a person’s version stays, can be read meanwhile, and the new text comes on top', async () => {
  const { service, id, json, save, send, text } = await withJob(SAID);
  await save(1, ['the quick brown cat']);
  const retry = await fetch(`${service.url}/api/jobs/${id}/retry`, {
    ...{ method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"fromStart": true}' },
  });
  expect(retry.status).toBe(200);
  expect(await text()).toBe('the quick brown cat\n');
  expect(await save(2, ['the quick brown cow'])).toMatchObject({ body: { version: { number: 3 } } });
  await transcribed(service, id, { ...heard(['something', 'else']), model: 'small' });
  expect((await json('/versions')).body.versions).toMatchObject([
    { number: 1, author: 'whisper, model base' },
    { number: 2, kind: 'person' },
    { number: 3, kind: 'person' },
    { number: 4, kind: 'engine', author: 'whisper, model small' },
  ]);
  expect(await text()).toBe('something else\n');
  expect(await text('?version=1')).toContain('fox');
  expect(await text('?version=2')).toBe('the quick brown cat\n');
  await send('POST', '/versions/3/restore', {});
  expect(await text()).toBe('the quick brown cow\n');
  // A file that is damaged by now harms the one version that was in it, and no other.
  await writeFile(join(jobFolder(service.dataDir, id), 'transcript.json'), '{}');
  expect((await json('?version=4')).status).toBe(507);
  expect(await text()).toBe('the quick brown cow\n');
});

test('a job that is done again with a damaged text is done again all the same', async () => {
  const { service, id, text } = await withJob(SAID);
  await writeFile(join(jobFolder(service.dataDir, id), 'transcript.json'), '{}');
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${service.url}/api/jobs/${id}/retry`, {
    method: 'POST',
    headers,
    body: '{"stage": "transcribe"}',
  });
  expect(answer.status).toBe(200);
  await transcribed(service, id, heard(['again']));
  expect(await text()).toBe('again\n');
});

test('a transcript of three hours is changed and compared', async () => {
  const words = Array.from({ length: 30_000 }, (_, index) => `word${index % 977}`);
  const { json, save } = await withJob(words.join(' '));
  const whole = (await json('?format=json')).body as Transcript;
  const texts = whole.segments.map(({ text }, index) => (index % 10 === 0 ? text.replace(/^\w+/, 'Changed') : text));
  const changed = whole.segments.filter((_, index) => index % 10 === 0).length;
  expect(await save(1, texts)).toMatchObject({
    status: 200,
    body: { version: { number: 2, segmentsChanged: changed } },
  });
  // As it came, with the time of each word.
  const second = (await json('?format=json')).body as Transcript;
  const segments = second.segments.map((segment) => ({ ...segment, text: segment.text }));
  segments.splice(5, 1);
  expect(await save(2, segments)).toMatchObject({ status: 200, body: { version: { number: 3, segmentsChanged: 1 } } });
  const { body } = await json('/compare?from=1&to=3&limit=1000');
  expect(body).toMatchObject({ changed: changed + 1, next: null });
  expect(body.passages[0].runs).toMatchObject([{ type: 'delete' }, { type: 'insert' }, { type: 'equal' }]);
});

test.each<[string, object]>([
  ['no base', { segments: [] }],
  ['a segment that is not there', { base: 1, segments: [{ index: 99, text: 'x' }] }],
  ['neither index nor time', { base: 1, segments: [{ text: 'x' }] }],
  ['times that go backwards', { base: 1, segments: [{ startMs: 9, endMs: 1, text: 'x' }] }],
  ['the character NUL', { base: 1, segments: [{ index: 0, text: 'a\0b' }] }],
  ['too long a note', { base: 1, segments: [], note: 'x'.repeat(1001) }],
  ['what it does not know', { base: 1, segments: [], notes: 'x' }],
])('an edit with %s is refused', async (_, body) => {
  const { send, json } = await withJob(SAID);
  expect((await send('PUT', '', body)).status).toBe(400);
  expect((await json('/versions')).body.versions).toHaveLength(1);
});

test('a job without a text has no versions', async () => {
  const { service } = await withJob(SAID);
  const id = await submit(service.store);
  for (const path of ['/versions', '', '/compare?from=1&to=1']) {
    expect((await fetch(`${service.url}/api/jobs/${id}/transcript${path}`)).status, path).toBe(409);
  }
});

test('a document comes as a file, named after the recording', async () => {
  const { at } = await withJob(SAID);
  const response = await fetch(`${at}?format=docx`);
  expect(response.headers.get('content-type')).toBe(
    'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  );
  expect(response.headers.get('content-disposition')).toMatch(/^attachment; filename="interview\.docx"/);
  expect(Buffer.from(await response.arrayBuffer()).subarray(0, 4)).toEqual(Buffer.from('PK\x03\x04', 'latin1'));
});
