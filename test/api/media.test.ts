/** The sound of jobs for players: real recordings, ffmpeg, files and connections. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { type ClientRequest, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { ApiContext } from '../../src/api/context.ts';
import { buildServer } from '../../src/api/server.ts';
import { decode } from '../../src/audio/decode.ts';
import { probe } from '../../src/audio/probe.ts';
import { makeUploadFolder, newUploadId } from '../../src/files/upload-folder.ts';
import { mediaOf } from '../../src/owner-media.ts';
import { writeWaveform } from '../../src/pipeline/waveform-file.ts';
import { getJob } from '../../src/store/jobs.ts';
import { openStore } from '../../src/store/open.ts';
import { setStage } from '../../src/store/stages.ts';
import type { Store } from '../../src/store/store.ts';
import { jobFolder } from '../../src/supervisor/job-files.ts';
import { submit, temporaryFolder, working } from '../store/support.ts';
import { descendants } from '../support/cli.ts';
import { HandClock } from '../support/hand-clock.ts';
import { convert, write } from '../support/media.ts';
import { scratchPath } from '../support/scratch.ts';
import { speak } from '../support/speech.ts';
import { apiContext } from './api-context.ts';

/** For what happens soon, also on a machine that is busy. */
const PATIENT = { timeout: 60_000 };

let speech: string;
let bytes: Buffer;
beforeAll(async () => {
  speech = await speak('We walked along the river.');
  bytes = readFileSync(speech);
});

interface Here {
  server: FastifyInstance;
  store: Store;
  dataDir: string;
  context: ApiContext;
  clock: HandClock;
}

async function here(): Promise<Here> {
  const dataDir = temporaryFolder();
  const clock = new HandClock();
  const store = await openStore({ file: join(dataDir, 'longhand.db'), clock });
  const context = apiContext(store, dataDir);
  const server = buildServer(context);
  onTestFinished(async () => {
    await context.media.close();
    await server.close();
    await store.close();
  });
  return { server, store, dataDir, context, clock };
}

/** A job for a file, as it is recorded when it is handed in by its path and was not read yet. */
async function jobFor({ store }: Here, path: string, more: object = {}): Promise<number> {
  const { size, mtimeMs } = statSync(path);
  const facts = { originalPath: path, sourceBytes: size, sourceModifiedMs: Math.round(mtimeMs) };
  return await submit(store, { filename: path.split('/').at(-1) as string, ...facts, ...more });
}

function sha256(of: Buffer): string {
  return createHash('sha256').update(of).digest('hex');
}

/** A copy of the speech that may be spoiled. */
function ownCopy(name: string): string {
  const path = scratchPath(name);
  copyFileSync(speech, path);
  return path;
}

let copies = 0;

describe('the recording', () => {
  test('comes as it is, with what a player needs to know', async () => {
    const at = await here();
    const id = await jobFor(at, speech);
    const response = await at.server.inject(`/api/jobs/${id}/audio`);
    expect(response.statusCode).toBe(200);
    expect(response.rawPayload.equals(bytes)).toBe(true);
    expect(response.headers).toMatchObject({
      'content-type': 'audio/wav',
      'content-length': String(bytes.length),
      'accept-ranges': 'bytes',
      etag: `"${sha256(bytes)}"`,
      'cache-control': 'private, no-cache',
    });
    // What was found out is recorded, so that it counts from now on.
    expect(await getJob(at.store, id)).toMatchObject({ source_sha256: sha256(bytes) });
    const head = await at.server.inject({ method: 'HEAD', url: `/api/jobs/${id}/audio` });
    expect(head.statusCode).toBe(200);
    expect(head.headers).toMatchObject({ 'content-length': String(bytes.length), etag: `"${sha256(bytes)}"` });
    expect(head.rawPayload.length).toBe(0);
  });

  test.each<[range: string, start: number, end: number]>([
    ['bytes=0-', 0, -1],
    ['bytes=0-0', 0, 0],
    ['bytes=100-199', 100, 199],
    ['BYTES= 100 - 199 ', 100, 199],
    ['bytes=-10', -10, -1],
    ['bytes=-99999999999', 0, -1],
    ['bytes=7-99999999999999999999', 7, -1],
  ])('of it comes the part %s', async (range, from, to) => {
    const at = await here();
    const id = await jobFor(at, speech);
    const [start, end] = [from < 0 ? bytes.length + from : from, to < 0 ? bytes.length + to : to];
    for (const method of ['GET', 'HEAD'] as const) {
      const response = await at.server.inject({ method, url: `/api/jobs/${id}/audio`, headers: { range } });
      expect(response.statusCode).toBe(206);
      expect(response.headers['content-range']).toBe(`bytes ${start}-${end}/${bytes.length}`);
      expect(response.headers['content-length']).toBe(String(end - start + 1));
      if (method === 'GET') expect(response.rawPayload.equals(bytes.subarray(start, end + 1))).toBe(true);
    }
  });

  test.each(['bytes=99999999-', 'bytes=-0', 'bytes=99999999-99999999999'])('has no part %s', async (range) => {
    const at = await here();
    const id = await jobFor(at, speech);
    const response = await at.server.inject({ url: `/api/jobs/${id}/audio`, headers: { range } });
    expect(response.json()).toMatchObject({ status: 416, code: 'no_such_part' });
    expect(response.headers['content-range']).toBe(`bytes */${bytes.length}`);
  });

  test.each(['bytes=0-1,5-6', 'bytes=9-3', 'bytes=-', 'bytes=a-b', 'seconds=0-1', 'bytes 0-1', ''])(
    'comes whole when the part is said like %j',
    async (range) => {
      const at = await here();
      const id = await jobFor(at, speech);
      const response = await at.server.inject({ url: `/api/jobs/${id}/audio`, headers: { range } });
      expect(response.statusCode).toBe(200);
      expect(response.rawPayload.length).toBe(bytes.length);
    },
  );

  test('comes whole to who has a part of another one, and not at all to who has it', async () => {
    const at = await here();
    const id = await jobFor(at, speech);
    const etag = `"${sha256(bytes)}"`;
    const ask = async (headers: Record<string, string>) =>
      (await at.server.inject({ url: `/api/jobs/${id}/audio`, headers })).statusCode;
    const range = 'bytes=0-9';
    expect(await ask({ range, 'if-range': etag })).toBe(206);
    expect(await ask({ range, 'if-range': '"another"' })).toBe(200);
    expect(await ask({ range, 'if-range': `W/${etag}` })).toBe(200);
    expect(await ask({ range, 'if-range': 'Wed, 21 Oct 2026 07:28:00 GMT' })).toBe(200);
    expect(await ask({ 'if-none-match': etag })).toBe(304);
    expect(await ask({ 'if-none-match': `"x", W/${etag}` })).toBe(304);
    expect(await ask({ 'if-none-match': '*' })).toBe(304);
    expect(await ask({ 'if-none-match': '"x"' })).toBe(200);
  });

  test.each<[name: string, type: string, args: string[]]>([
    ['talk.mp3', 'audio/mpeg', []],
    ['talk.flac', 'audio/flac', []],
    ['talk.ogg', 'audio/ogg', ['-c:a', 'libopus']],
    ['talk.m4a', 'audio/mp4', []],
    ['talk.webm', 'audio/webm', ['-c:a', 'libopus']],
  ])('%s is played as it is', async (name, type, args) => {
    const at = await here();
    const path = await convert(speech, name, ...args);
    const response = await at.server.inject(`/api/jobs/${await jobFor(at, path)}/audio`);
    expect(response.headers['content-type']).toBe(type);
    expect(response.rawPayload.equals(readFileSync(path))).toBe(true);
  });

  test.each(['-x;$(touch owned)`id`.wav', 'ไทย 😀 "quoted" \\ %2e%2e.wav', 'file:concat|a.wav', ' .wav'])(
    'has any name: %s',
    async (name) => {
      const at = await here();
      const id = await jobFor(at, ownCopy(name));
      const response = await at.server.inject(`/api/jobs/${id}/audio`);
      expect(response.rawPayload.equals(bytes)).toBe(true);
      expect((await at.server.inject(`/api/jobs/${id}/waveform`)).statusCode).toBe(200);
    },
  );

  test('leaves no file open, however it is asked for', async () => {
    const at = await here();
    const path = ownCopy('open.wav');
    const id = await jobFor(at, path);
    for (const headers of [{}, { range: 'bytes=0-1' }, { range: 'bytes=-0' }, { 'if-none-match': '*' }]) {
      for (const method of ['GET', 'HEAD'] as const) {
        await at.server.inject({ method, url: `/api/jobs/${id}/audio`, headers });
      }
    }
    await vi.waitFor(() => expect(openFiles()).not.toContain(path), PATIENT);
  });
});

/** Of this process. */
function openFiles(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      return []; // Closed since it was listed.
    }
  });
}

describe('what is not the recording any more', () => {
  const gone = async (at: Here, id: number, part = 'audio') => {
    const response = await at.server.inject(`/api/jobs/${id}/${part}`);
    return response.json() as { status: number; code: string; detail: string; remedy: string };
  };

  test('is said to be gone, with what to do, for the sound and for its picture', async () => {
    const at = await here();
    const path = ownCopy('gone.wav');
    const id = await jobFor(at, path);
    rmSync(path);
    for (const part of ['audio', 'waveform']) {
      const problem = await gone(at, id, part);
      expect(problem).toMatchObject({ status: 410, code: 'recording_gone', remedy: /back/ });
      expect(problem.detail).toBe('The recording "gone.wav" is not there any more.');
    }
  });

  /** What stands at the path after the job was made, by its name. */
  const REPLACEMENTS: [string, (path: string) => void][] = [
    ['a longer file', (path) => writeFileSync(path, Buffer.concat([bytes, bytes]))],
    ['a file of the same length', (path) => writeFileSync(path, Buffer.alloc(bytes.length, 1))],
    [
      'a file of the same length and time',
      (path) => {
        const { atime, mtime } = statSync(path);
        writeFileSync(path, Buffer.from(bytes).fill(3, 2_000, 3_000));
        utimesSync(path, atime, mtime);
      },
    ],
    [
      'a link to a file of the same length and time',
      (path) => {
        const { atime, mtime } = statSync(path);
        const secret = `${path}.secret`;
        writeFileSync(secret, Buffer.alloc(bytes.length, 1));
        utimesSync(secret, atime, mtime);
        rmSync(path);
        symlinkSync(secret, path);
      },
    ],
    [
      'a folder',
      (path) => {
        rmSync(path);
        mkdirSync(path);
      },
    ],
    [
      'a device',
      (path) => {
        rmSync(path);
        symlinkSync('/dev/zero', path);
      },
    ],
  ];

  test.each(REPLACEMENTS)('%s is not sent', async (_, replace) => {
    const at = await here();
    const path = ownCopy(`changed ${copies++}.wav`);
    const id = await jobFor(at, path, { sourceSha256: sha256(bytes) });
    expect((await at.server.inject(`/api/jobs/${id}/audio`)).statusCode).toBe(200);
    replace(path);
    for (const part of ['audio', 'waveform']) {
      const problem = await gone(at, id, part);
      expect(problem).toMatchObject({ status: 410, code: 'recording_changed', remedy: /first one back/ });
      expect(problem.detail).not.toContain(path.slice(0, path.lastIndexOf('/')));
    }
  });

  test('but a file that was only copied back is', async () => {
    const at = await here();
    const path = ownCopy('back.wav');
    const id = await jobFor(at, path, { sourceSha256: sha256(bytes) });
    renameSync(path, `${path}.away`);
    expect(await gone(at, id)).toMatchObject({ code: 'recording_gone' });
    copyFileSync(speech, path);
    utimesSync(path, 1, 1);
    expect((await at.server.inject(`/api/jobs/${id}/audio`)).statusCode).toBe(200);
  });

  test('a text that was handed in is no recording', async () => {
    const at = await here();
    const id = await jobFor(at, await write('notes.wav', 'root:x:0:0\n'));
    expect(await gone(at, id)).toMatchObject({ status: 422, code: 'input', detail: /is a text file/ });
  });

  test('a job that came from elsewhere says so, and one that does not exist', async () => {
    const at = await here();
    expect(await gone(at, await submit(at.store))).toMatchObject({ status: 410, code: 'recording_gone' });
    for (const part of ['audio', 'waveform']) {
      expect(await gone(at, 99, part)).toMatchObject({ status: 404, code: 'job_not_found' });
    }
  });
});

describe('what browsers do not play', () => {
  test.each<[name: string, args: string[]]>([
    ['talk.wma', []],
    ['talk.aiff', []],
    ['talk.aac', []],
    ['talk.mkv', ['-c:a', 'ac3']],
    ['talk.amr', ['-ar', '8000', '-ac', '1', '-c:a', 'libopencore_amrnb']],
  ])('%s comes as a copy that they do', async (name, args) => {
    const at = await here();
    const path = await convert(speech, name, ...args).catch((error: Error) => {
      // Not every ffmpeg writes AMR.
      if (!/Unknown encoder/.test(error.message)) throw error;
    });
    if (path === undefined) return;
    const id = await jobFor(at, path);
    const response = await at.server.inject(`/api/jobs/${id}/audio`);
    expect(response.statusCode).toBe(200);
    expect(response.headers['content-type']).toBe('audio/webm');
    const facts = await probe(await write(`${name}.webm`, response.rawPayload));
    expect(facts).toMatchObject({ codec: 'opus', formatName: 'matroska,webm', hasVideo: false });
    expect(facts.durationSeconds).toBeCloseTo((await probe(speech)).durationSeconds as number, 0);
    const [copy, ...others] = readdirSync(join(jobFolder(at.dataDir, id), 'media'));
    expect(others).toEqual([]);
    expect(statSync(join(jobFolder(at.dataDir, id), 'media', copy as string)).mode & 0o777).toBe(0o600);
    // The copy is of use when its original is gone, and has parts as well.
    rmSync(path);
    const part = await at.server.inject({ url: `/api/jobs/${id}/audio`, headers: { range: 'bytes=0-3' } });
    expect(part.statusCode).toBe(206);
    expect(part.rawPayload.equals(response.rawPayload.subarray(0, 4))).toBe(true);
    expect(part.headers.etag).toBe(response.headers.etag);
  });

  test('is copied once for all who ask at the same time', async () => {
    const at = await here();
    const id = await jobFor(at, await convert(speech, 'together.wma'));
    const answers = await Promise.all([1, 2, 3, 4].map(() => at.server.inject(`/api/jobs/${id}/audio`)));
    // Each making would have a time of its own.
    expect(new Set(answers.map(({ headers }) => headers.etag)).size).toBe(1);
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 200]);
  });

  test('goes with its job', async () => {
    const at = await here();
    const id = await jobFor(at, await convert(speech, 'goes.wma'));
    await at.server.inject(`/api/jobs/${id}/audio`);
    expect(existsSync(jobFolder(at.dataDir, id))).toBe(true);
    expect((await at.server.inject({ method: 'DELETE', url: `/api/jobs/${id}` })).statusCode).toBe(200);
    expect(existsSync(jobFolder(at.dataDir, id))).toBe(false);
  });

  test('leaves nothing when it cannot be copied', async () => {
    const at = await here();
    const whole = readFileSync(await convert(speech, 'whole.aiff'));
    // All that tells of sound is there, and none of it.
    const id = await jobFor(at, await write('hollow.aiff', whole.subarray(0, whole.indexOf('SSND') + 16)));
    const response = await at.server.inject(`/api/jobs/${id}/audio`);
    expect(response.json().status).toBe(422);
    expect(existsSync(jobFolder(at.dataDir, id))).toBe(false);
    expect(readdirSync(join(at.dataDir, 'making'))).toEqual([]);
  });
});

describe('who goes away', () => {
  /** A job for an upload of six days, none of which is on the disk: nobody decodes it in the time of a test. */
  async function longJob(at: Here): Promise<number> {
    const path = join(makeUploadFolder(at.dataDir, newUploadId()), 'days.au');
    // .snd, header of 24 bytes, length not told, 8-bit mu-law, 8 kHz, mono.
    const header = Buffer.from('2e736e6400000018ffffffff0000000100001f4000000001', 'hex');
    writeFileSync(path, header);
    truncateSync(path, 4e9);
    return await jobFor(at, path, { sourceSha256: 'b'.repeat(64) });
  }

  const ffmpegs = () => descendants(process.pid).filter(({ command }) => command.includes('ffmpeg'));

  async function cutOff(request: ClientRequest): Promise<void> {
    const closed = new Promise((resolve) => request.on('close', resolve));
    request.destroy();
    await closed;
  }

  async function listening(at: Here, id: number): Promise<() => ClientRequest> {
    await at.server.listen({ host: '127.0.0.1', port: 0 });
    const { port } = at.server.server.address() as AddressInfo;
    return () => {
      const request = get({ host: '127.0.0.1', port, path: `/api/jobs/${id}/audio`, agent: false });
      request.on('error', () => undefined); // It is cut off on purpose.
      return request;
    };
  }

  test('leaves no process when nobody comes again for a while', async () => {
    const at = await here();
    const id = await longJob(at);
    const ask = await listening(at, id);
    const first = ask();
    await vi.waitFor(() => expect(ffmpegs().length).toBe(1), PATIENT);
    const before = ffmpegs();
    await cutOff(first);
    await at.clock.advance(60_000);
    expect(ffmpegs()).toEqual(before);
    await vi.waitFor(async () => {
      await at.clock.advance(200_000);
      expect(ffmpegs()).toEqual([]);
    }, PATIENT);
    await vi.waitFor(() => expect(readdirSync(join(at.dataDir, 'making'))).toEqual([]), PATIENT);
  });

  test('the end of the service and of the job end it, too', async () => {
    const at = await here();
    const id = await longJob(at);
    const ask = await listening(at, id);
    const request = ask();
    const answered = once(request, 'response');
    await vi.waitFor(() => expect(ffmpegs().length).toBe(1), PATIENT);
    await at.server.inject({ method: 'DELETE', url: `/api/jobs/${id}` });
    expect(ffmpegs()).toEqual([]);
    expect(existsSync(jobFolder(at.dataDir, id))).toBe(false);
    const [response] = (await answered) as [{ statusCode: number }];
    expect(response.statusCode).toBe(503);
    const other = await longJob(at);
    const waiting = at.server.inject(`/api/jobs/${other}/audio`);
    await vi.waitFor(() => expect(ffmpegs().length).toBe(1), PATIENT);
    await at.context.media.close();
    expect(ffmpegs()).toEqual([]);
    expect((await waiting).statusCode).toBe(503);
  });
});

describe('the waveform', () => {
  test('is the same whether the recording is decoded for it or for its text', async () => {
    const at = await here();
    const id = await jobFor(at, await convert(speech, 'wave.mp3'));
    const response = await at.server.inject(`/api/jobs/${id}/waveform`);
    const { peaks } = await decode(scratchPath('wave.mp3'), scratchPath('wave.raw'));
    expect(response.json()).toEqual({ version: 1, ...peaks });
    expect(response.json()).toMatchObject({ samplesPerSecond: 100 });
    expect(Math.max(...response.json().peaks)).toBeGreaterThan(0.1);
    const { etag } = response.headers as { etag: string };
    expect(response.headers['cache-control']).toBe('private, no-cache');
    const again = await at.server.inject({ url: `/api/jobs/${id}/waveform`, headers: { 'if-none-match': etag } });
    expect(again.statusCode).toBe(304);
    expect(again.body).toBe('');
  });

  test('outlives its recording, and is measured once for all who ask', async () => {
    const at = await here();
    const path = ownCopy('outlived.wav');
    const id = await jobFor(at, path);
    const answers = await Promise.all([1, 2, 3].map(() => at.server.inject(`/api/jobs/${id}/waveform`)));
    rmSync(path);
    answers.push(await at.server.inject(`/api/jobs/${id}/waveform`));
    expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
    expect(answers[0]?.statusCode).toBe(200);
  });

  test('is soon there while the recording is being decoded', async () => {
    const at = await here();
    const { size, mtimeMs } = statSync(speech);
    const { job, lease } = await working(at.store, {
      ...{
        originalPath: speech,
        sourceBytes: size,
        sourceModifiedMs: Math.round(mtimeMs),
        sourceSha256: sha256(bytes),
      },
      stages: { prepare: 'not_started' },
    });
    await setStage(at.store, job.id, lease, 'prepare', { status: 'processing' });
    const response = await at.server.inject(`/api/jobs/${job.id}/waveform`);
    expect(response.json()).toMatchObject({ status: 503, code: 'waveform_not_ready', remedy: /Ask again/ });
    expect(response.headers['retry-after']).toBe('1');
    const peaks = { durationSeconds: 1, samplesPerSecond: 2, peaks: [0, 1] };
    await writeWaveform(jobFolder(at.dataDir, job.id), sha256(bytes), peaks);
    expect((await at.server.inject(`/api/jobs/${job.id}/waveform`)).json()).toEqual({ version: 1, ...peaks });
  });
});

test('what another owner was making when it was killed is gone at the next start', () => {
  const dataDir = temporaryFolder();
  mkdirSync(join(dataDir, 'making'));
  writeFileSync(join(dataDir, 'making', 'half'), 'x');
  mediaOf({ clock: new HandClock() } as unknown as Store, dataDir);
  expect(existsSync(join(dataDir, 'making'))).toBe(false);
});

test('an upload is not read again to be believed', async () => {
  const at = await here();
  const path = join(makeUploadFolder(at.dataDir, newUploadId()), 'talk.wav');
  copyFileSync(speech, path);
  const id = await jobFor(at, path, { sourceSha256: 'a'.repeat(64) });
  const response = await at.server.inject(`/api/jobs/${id}/audio`);
  expect(response.statusCode).toBe(200);
  expect(response.headers.etag).toBe(`"${'a'.repeat(64)}"`);
});
