/** Uploads in parts, by the client that browsers use: broken off, taken up again, made a job once. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Upload, type UploadOptions } from 'tus-js-client';
import { describe, expect, it, onTestFinished, test } from 'vitest';
import { LOCAL_OWNER } from '../../../src/api/caller.ts';
import type { ApiContext } from '../../../src/api/context.ts';
import { NewsHub } from '../../../src/api/events.ts';
import { registerRoutes } from '../../../src/api/routes.ts';
import { bareServer } from '../../../src/api/server.ts';
import { registerUploads } from '../../../src/api/uploads.ts';
import { ModelShelf } from '../../../src/engines/model-shelf.ts';
import { allEngines } from '../../../src/engines/registry.ts';
import { intakeOf } from '../../../src/owner-settings.ts';
import { getJob } from '../../../src/store/jobs.ts';
import { openStore } from '../../../src/store/open.ts';
import { queueControlOf } from '../../jobs/queue-contexts.ts';
import { temporaryFolder, testClock } from '../../store/support.ts';
import { MISBEHAVING_RUNNER, ownConfig } from '../../supervisor/owners.ts';
import { pausedService, type Service, sendOrder, serviceOf } from './service.ts';

const SOUND = Buffer.from('a recording that nobody will listen to '.repeat(20_000));
const HALF = 400_000;
const TUS = { 'tus-resumable': '1.0.0' };

/** The address of an upload, the number of the job that was made of it at once, and the state of one that there was. */
interface Sent {
  url: string;
  job: string | undefined;
  duplicate: string | undefined;
}

/** Uploads to the end. */
function sendAll(service: Service, options: UploadOptions = {}): Promise<Sent> {
  let job: string | undefined;
  let duplicate: string | undefined;
  return new Promise((resolve, reject) => {
    const upload = new Upload(SOUND, {
      ...{ endpoint: `${service.url}/api/uploads`, retryDelays: [], metadata: { filename: '../talk.wav' } },
      onAfterResponse: (_request, response) => {
        job = response.getHeader('x-longhand-job') ?? job;
        duplicate = response.getHeader('x-longhand-duplicate') ?? duplicate;
      },
      onError: reject,
      onSuccess: () => resolve({ url: upload.url as string, job, duplicate }),
      ...options,
    });
    upload.start();
  });
}

/** Uploads the first part and goes away. @returns the address of the upload */
function sendHalf(service: Service): Promise<string> {
  return new Promise((resolve, reject) => {
    const upload = new Upload(SOUND, {
      ...{
        endpoint: `${service.url}/api/uploads`,
        retryDelays: [],
        chunkSize: HALF,
        metadata: { filename: 'talk.wav' },
      },
      onError: reject,
      onChunkComplete: () => void upload.abort().then(() => resolve(upload.url as string), reject),
    });
    upload.start();
  });
}

function idOf(url: string): string {
  return url.split('/').at(-1) as string;
}

function head(url: string): Promise<Response> {
  return fetch(url, { method: 'HEAD', headers: TUS });
}

describe('an upload in parts', () => {
  it('that was broken off goes on where it was, also in a service that was started anew, and becomes one job', async () => {
    const first = await pausedService();
    const url = await sendHalf(first);
    const unfinished = {
      status: 409,
      body: { code: 'upload_unfinished', detail: expect.stringContaining('400000 of') },
    };
    expect(await sendOrder(first, { upload: idOf(url) })).toMatchObject(unfinished);
    await first.owner.close();

    const second = await serviceOf({ ...first.config, port: 0 }, { runnerPath: MISBEHAVING_RUNNER });
    const there = `${second.url}/api/uploads/${idOf(url)}`;
    expect((await head(there)).headers.get('upload-offset')).toBe(String(HALF));
    let sent = 0;
    await sendAll(second, {
      uploadUrl: there,
      onProgress: (bytes) => {
        sent ||= bytes;
      },
    });
    expect(sent).toBeGreaterThanOrEqual(HALF);
    const order = { upload: idOf(url), again: true, priority: 4 };
    const made = await Promise.all([sendOrder(second, order), sendOrder(second, order)]);
    expect(made.map(({ status }) => status).sort()).toEqual([200, 201]);
    const [id, other] = made.map(({ body }) => body.id) as [number, number];
    expect(other).toBe(id);
    const job = await second.job(id);
    expect(job).toMatchObject({ filename: 'talk.wav', priority: 4 });
    expect(readFileSync(job.path as string).equals(SOUND)).toBe(true);

    const inUse = await fetch(there, { method: 'DELETE', headers: TUS });
    expect({ status: inUse.status, text: await inUse.text() }).toEqual({
      ...{ status: 409, text: expect.stringContaining(`DELETE /api/jobs/${id}`) },
    });
    expect((await head(there)).headers.get('upload-offset')).toBe(String(SOUND.length));
    await second.api.delete(`/api/jobs/${id}`);
    expect(second.uploads()).toEqual([]);
    expect((await head(there)).status).toBe(404);
  });

  it('becomes a job at once when its metadata say so, with the options that they have', async () => {
    const service = await pausedService();
    const metadata = {
      filename: 'C:\\talk.wav',
      filetype: 'audio/wav',
      autostart: 'true',
      language: 'en',
      priority: '9',
    };
    const { url, job } = await sendAll(service, { metadata });
    expect(await service.job(Number(job))).toMatchObject({ filename: 'talk.wav', language: 'en', priority: 9 });
    expect(await sendOrder(service, { upload: idOf(url) })).toMatchObject({ status: 200, body: { id: Number(job) } });
  });

  it('says in its last answer that the same recording was a job before', async () => {
    const service = await pausedService();
    const metadata = { filename: 'talk.wav', autostart: 'true' };
    const first = await sendAll(service, { metadata });
    const second = await sendAll(service, { metadata });
    expect([first.duplicate, second]).toMatchObject([undefined, { job: first.job, duplicate: 'pending' }]);
    const third = await sendAll(service, { metadata: { ...metadata, again: 'true' } });
    expect(third).toMatchObject({ job: String(Number(first.job) + 1), duplicate: undefined });
  });

  it('with what was sent before is that job, and its copy goes', async () => {
    const service = await pausedService();
    const order = async () => await sendOrder(service, { upload: idOf((await sendAll(service)).url) });
    const { body } = await order();
    const again = await order();
    expect(again).toMatchObject({ status: 200, body: { id: body.id, duplicateOf: { id: body.id } } });
    expect(service.uploads().filter((name) => name.endsWith('talk.wav'))).toHaveLength(1);
  });

  it('is given up by its sender, and nothing stays', async () => {
    const service = await pausedService();
    const url = await sendHalf(service);
    expect((await fetch(url, { method: 'DELETE', headers: TUS })).status).toBe(204);
    expect(service.uploads()).toEqual([]);
    expect(await sendOrder(service, { upload: idOf(url) })).toMatchObject({
      status: 404,
      body: { code: 'upload_not_found' },
    });
  });

  it.each<[string, Record<string, string>, number, RegExp]>([
    ['too large', { 'upload-length': '1000001' }, 413, /size exceeded/],
    ['empty', { 'upload-length': '0' }, 400, /empty file/],
    ['without a length', {}, 400, /Upload-Length/],
    ['with a length below 0', { 'upload-length': '-1' }, 400, /upload-length/],
    ['with metadata that are none', { 'upload-length': '9', 'upload-metadata': 'filename %%%' }, 400, /metadata/],
    ['with an option that cannot be', { 'upload-length': '9', 'upload-metadata': 'engine c2lyaQ==' }, 400, /engine/],
    [
      'for the file of a model',
      { 'upload-length': '9', 'upload-metadata': 'model L2V0Yy9wYXNzd2Q=' },
      403,
      /this machine/,
    ],
  ])('%s is refused before anything is there', async (_, headers, status, text) => {
    const service = await pausedService({ maxUploadBytes: 1_000_000 });
    const response = await fetch(`${service.url}/api/uploads`, { method: 'POST', headers: { ...TUS, ...headers } });
    expect({ status: response.status, text: await response.text() }).toEqual({
      status,
      text: expect.stringMatching(text),
    });
    expect(service.uploads()).toEqual([]);
  });

  it('takes no more than was announced', async () => {
    const service = await pausedService();
    const headers = { ...TUS, 'upload-length': '10' };
    const created = await fetch(`${service.url}/api/uploads`, { method: 'POST', headers });
    const url = new URL(created.headers.get('location') as string, service.url);
    const type = { 'content-type': 'application/offset+octet-stream' };
    const send = async (offset: string, body: string) =>
      (await fetch(url, { method: 'PATCH', headers: { ...TUS, ...type, 'upload-offset': offset }, body })).status;
    expect(await send('0', 'x'.repeat(11))).toBe(413);
    expect(await send('5', 'x')).toBe(409);
    expect(await send('0', 'x'.repeat(10))).toBe(204);
    expect(await send('10', 'x')).toBe(413);
  });
});

test.each(['..%2f..%2flonghand.db', '%2e%2e', '.upload.json', 'f'.repeat(32), '%00', 'a'.repeat(5_000), '%E0%A4%A'])(
  '%s is the id of no upload',
  async (id) => {
    const service = await pausedService();
    await sendHalf(service);
    for (const method of ['HEAD', 'PATCH', 'DELETE']) {
      const type = { 'content-type': 'application/offset+octet-stream', 'upload-offset': '0' };
      const { status } = await fetch(`${service.url}/api/uploads/${id}`, { method, headers: { ...TUS, ...type } });
      expect([400, 404, 414]).toContain(status);
    }
    const { status } = await sendOrder(service, { upload: decodeURIComponent(id.replace(/%E0%A4%A|%00/, 'x')) });
    expect([400, 404]).toContain(status);
    expect(service.uploads()).toHaveLength(2);
  },
);

it("an upload and its content are nobody else's", async () => {
  const service = await serviceOfUsers();
  const [annas, bens] = [{ 'x-user': 'anna' }, { 'x-user': 'ben' }] as const;
  const { url } = await sendAll(service, { headers: annas });
  const status = async (headers: object) =>
    (await fetch(url, { method: 'HEAD', headers: { ...TUS, ...headers } })).status;
  expect([await status(annas), await status(bens)]).toEqual([200, 404]);
  const order = async (address: string, user: Record<string, string>) => {
    const headers = { 'content-type': 'application/json', ...user };
    const body = JSON.stringify({ upload: idOf(address), engine: 'pocketsphinx' });
    const response = await fetch(`${service.url}/api/jobs`, { method: 'POST', headers, body });
    return { status: response.status, ...((await response.json()) as { id: number }) };
  };
  expect(await order(url, bens)).toMatchObject({ status: 404 });
  const made = await order(url, annas);
  expect(made.status).toBe(201);
  // The same recording is a job of its own for somebody else: who else has it is a secret.
  const other = await order((await sendAll(service, { headers: bens })).url, bens);
  expect(other).not.toHaveProperty('duplicateOf');
  expect(other).not.toHaveProperty('earlier');
  const owners = [made, other].map(async ({ id }) => (await getJob(service.store, id))?.user_id);
  expect(await Promise.all(owners)).toEqual(['anna', 'ben']);
});

/** The routes for several users, who say who they are. */
async function serviceOfUsers() {
  const dataDir = temporaryFolder();
  const store = await openStore({ file: join(dataDir, 'longhand.db'), clock: testClock(Date.now()) });
  const config = ownConfig();
  const context = {
    ...{ store, dataDir, hub: new NewsHub(), engines: allEngines(), settings: { cacheDir: dataDir } },
    models: new ModelShelf({ cacheDir: dataDir, source: 'http://127.0.0.1:9', clock: store.clock }),
    ...{ intake: intakeOf(config), acceptsJobs: true, queue: queueControlOf(store) },
    ...{ want: () => undefined, reservePlace: async () => () => undefined },
  } as unknown as ApiContext;
  const server = bareServer();
  server.addHook('onRequest', async (request) => {
    const userId = String(request.headers['x-user']);
    request.caller = { ...LOCAL_OWNER, actor: userId, userId, local: false };
  });
  registerRoutes(server, context);
  registerUploads(server, context);
  onTestFinished(async () => {
    await server.close();
    await store.close();
  });
  return { url: await server.listen({ host: '127.0.0.1', port: 0 }), store } as unknown as Service & {
    store: typeof store;
  };
}
