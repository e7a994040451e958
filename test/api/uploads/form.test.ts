/** Recordings that come as forms: what becomes of them, and that nothing stays of what is refused or broken off. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, statSync, unlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { basename, dirname } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it, onTestFinished, test, vi } from 'vitest';
import { ownConfig } from '../../supervisor/owners.ts';
import {
  BOUNDARY,
  FORM_HEADERS,
  formOf,
  type Part,
  pausedService,
  recordingForm,
  type Service,
  sendForm,
  sendOrder,
} from './service.ts';

const SOUND = Buffer.from('a recording that nobody will listen to '.repeat(5_000));

async function jobCount({ api }: Service): Promise<number> {
  return (await api.get<{ jobs: unknown[] }>('/api/jobs')).jobs.length;
}

describe('a recording in a form', () => {
  it('becomes a job with what was asked for; the rest is as the settings say', async () => {
    const service = await pausedService({ language: 'en', workers: 3 });
    const wish = { priority: '7', processes: '1', again: 'true' };
    const { status, body } = await sendForm(service, recordingForm(SOUND, wish));
    expect(status).toBe(201);
    const { id, ...rest } = body;
    expect(rest).toEqual({ filename: 'talk.wav', engine: 'pocketsphinx', model: 'en-us' });
    const job = await service.job(id);
    expect(job).toMatchObject({ status: 'pending', priority: 7, language: 'en' });
    expect(job.parameters).toMatchObject({ processes: 1, workers: 3, model: 'auto' });
    expect(job.parameters).not.toHaveProperty('upload');
    const path = job.path as string;
    expect(service.uploads()).toEqual([`${basename(dirname(path))}/talk.wav`]);
    expect(readFileSync(path).equals(SOUND)).toBe(true);
    expect([statSync(path).mode & 0o777, statSync(dirname(path)).mode & 0o777]).toEqual([0o600, 0o700]);
  });

  it('that was sent before is found by its content, and its copy goes', async () => {
    const service = await pausedService();
    const { id } = (await sendForm(service, recordingForm(SOUND))).body;
    const again = await sendForm(service, recordingForm(SOUND));
    expect(again).toMatchObject({ status: 200, body: { id, duplicateOf: { id, status: 'pending' } } });
    expect(service.uploads()).toHaveLength(1);
    expect(await jobCount(service)).toBe(1);
  });

  it('is kept as a job of its own when the first one has lost its recording', async () => {
    const service = await pausedService();
    const { id } = (await sendForm(service, recordingForm(SOUND))).body;
    unlinkSync((await service.job(id)).path as string);
    const again = await sendForm(service, recordingForm(SOUND));
    expect(again.status).toBe(201);
    expect(readFileSync((await service.job(again.body.id)).path as string).equals(SOUND)).toBe(true);
  });

  it('goes with its job, unless another job is for the same file', async () => {
    const service = await pausedService();
    const { id } = (await sendForm(service, recordingForm(SOUND))).body;
    const path = (await service.job(id)).path as string;
    const other = await service.submit({ path });
    expect(await service.api.delete(`/api/jobs/${id}`)).toMatchObject({ recordingRemoved: false });
    expect(service.uploads()).toHaveLength(1);
    expect(await service.api.delete(`/api/jobs/${other}`)).toMatchObject({ recordingRemoved: true });
    expect(service.uploads()).toEqual([]);
  });

  it('never goes with its job when it was named by its path', async () => {
    const service = await pausedService();
    const id = await service.submit();
    const path = (await service.job(id)).path as string;
    expect(await service.api.delete(`/api/jobs/${id}`)).toMatchObject({ recordingRemoved: false });
    expect(statSync(path).isFile()).toBe(true);
  });
});

test.each([
  ['../../../../etc/passwd', 'passwd'],
  ['..\\..\\windows\\evil.wav', 'evil.wav'],
  ['a\0b.wav', 'ab.wav'],
  ['..', 'recording'],
  ['', 'recording'],
  ['.upload.json', '.upload.json'],
  ['-rf $(reboot) `x`;&.wav', '-rf $(reboot) `x`;&.wav'],
  ['ประชุม 😀.m4a', 'ประชุม 😀.m4a'],
  ['gnp\u202e3pm.exe', 'gnp3pm.exe'],
  [`${'ก'.repeat(300)}.wav`, 'ก'.repeat(255)],
])('a file called %j is one file in a folder of its own', async (filename, shown) => {
  const service = await pausedService();
  const { status, body } = await sendForm(service, [{ name: 'file', value: SOUND, filename }]);
  expect({ status, filename: body.filename }).toEqual({ status: 201, filename: shown });
  const path = (await service.job(body.id)).path as string;
  expect(service.uploads()).toEqual([`${basename(dirname(path))}/${basename(path)}`]);
  expect(path.startsWith(`${service.config.dataDir}/uploads/`)).toBe(true);
  expect(readFileSync(path).equals(SOUND)).toBe(true);
});

describe('a form that cannot be used', () => {
  const file: Part = { name: 'file', value: SOUND, filename: 'a.wav' };
  const cases: [string, Part[] | Buffer, number, string, RegExp][] = [
    ['a field that was mistyped', [{ name: 'langauge', value: 'en' }, file], 400, 'usage', /langauge/],
    ['a wrong field behind the file', [file, { name: 'processes', value: 'two' }], 400, 'usage', /processes/],
    ['no number at all', [file, { name: 'workers', value: '' }], 400, 'usage', /workers/],
    [
      'a field twice',
      [file, ...recordingForm('', { model: 'a' }).slice(0, 1), { name: 'model', value: 'b' }],
      400,
      'invalid_form',
      /"model" is there twice/,
    ],
    [
      'the file of a model',
      [{ name: 'model', value: '/etc/passwd' }, file],
      403,
      'path_not_allowed',
      /on this machine/,
    ],
    ['a language nobody knows here', [file, { name: 'language', value: 'th' }], 400, 'usage', /language "th"/],
    ['no file', [{ name: 'language', value: 'en' }], 400, 'invalid_form', /no file as "file"/],
    ['two files', [file, { ...file, filename: 'b.wav' }], 400, 'invalid_form', /more than one file/],
    ['a file by another name', [{ ...file, name: 'audio' }], 400, 'invalid_form', /a file as "audio"/],
    ['a text instead of a file', [{ name: 'file', value: 'talk.wav' }], 400, 'invalid_form', /is a text/],
    ['an empty file', [{ ...file, value: '' }], 400, 'invalid_form', /is empty/],
    ['a field that is too long', [{ name: 'model', value: 'x'.repeat(70_000) }, file], 400, 'invalid_form', /too long/],
    ['a field of every object', [{ name: '__proto__', value: 'x' }, file], 400, 'invalid_form', /prototype/],
    ['nothing', Buffer.alloc(0), 400, 'invalid_form', /no file|end of multipart/],
    ['garbage', Buffer.from('\0\r\n--nonsense--\r\n'.repeat(100)), 400, 'invalid_form', /./],
  ];
  it.each(cases)(
    'because of %s is refused in a plain sentence, and nothing of it stays',
    async (_, body, status, code, detail) => {
      const service = await pausedService();
      const refused = await sendForm(service, body);
      expect(refused).toMatchObject({ status, body: { status, code } });
      expect(refused.body.detail).toMatch(detail);
      expect(service.uploads()).toEqual([]);
      expect(await jobCount(service)).toBe(0);
    },
  );

  it("because it ends too early is never more than the sender's fault", async () => {
    const service = await pausedService();
    const whole = formOf(recordingForm(SOUND.subarray(0, 500), { language: 'en' }));
    for (let length = 1; length < whole.length - 4; length += 23) {
      const { status, body } = await sendForm(service, whole.subarray(0, length));
      expect({ length, status, code: body.code }).toEqual({ length, status: 400, code: 'invalid_form' });
    }
    expect(service.uploads()).toEqual([]);
  });

  it.each(['multipart/form-data', 'multipart/form-data; boundary=', 'text/plain', 'application/xml'])(
    'because it comes as %s is refused',
    async (type) => {
      const service = await pausedService();
      const headers = { 'content-type': type };
      const response = await fetch(`${service.url}/api/jobs`, { method: 'POST', headers, body: 'file=x' });
      expect([400, 415]).toContain(response.status);
      expect(await response.json()).toMatchObject({ title: 'usage' });
    },
  );
});

describe('an upload that is too large', () => {
  it.each([
    ['said beforehand', (body: Buffer) => new Uint8Array(body)],
    [
      'found on the way',
      (body: Buffer) => Readable.toWeb(Readable.from([body.subarray(0, 9_000), body.subarray(9_000)])),
    ],
  ])('is refused, %s', async (_, stream) => {
    const service = await pausedService({ maxUploadBytes: 100_000 });
    const large = formOf(recordingForm(Buffer.alloc(2_000_000)));
    const response = await fetch(`${service.url}/api/jobs`, {
      ...{ method: 'POST', headers: FORM_HEADERS, body: stream(large), duplex: 'half' },
    } as RequestInit);
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({
      code: 'upload_too_large',
      detail: expect.stringContaining('97.7 KB'),
    });
    expect(service.uploads()).toEqual([]);
  });
});

// Only root may mount.
it.skipIf(process.getuid?.() !== 0 || process.platform !== 'linux')(
  'a disk with too little space is told before anything is sent, and nothing stays',
  async () => {
    const { dataDir } = ownConfig();
    mkdirSync(dataDir);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=100m', 'tmpfs', dataDir]);
    onTestFinished(() => void execFileSync('umount', ['--lazy', dataDir]));
    const service = await pausedService({ dataDir });
    const refused = await sendForm(service, recordingForm(SOUND));
    expect(refused).toMatchObject({
      status: 507,
      body: { code: 'disk', detail: expect.stringContaining('too little space') },
    });
    const headers = { 'tus-resumable': '1.0.0', 'upload-length': '5' };
    const created = await fetch(`${service.url}/api/uploads`, { method: 'POST', headers });
    expect({ status: created.status, text: await created.text() }).toMatchObject({
      ...{ status: 507, text: expect.stringContaining('too little space') },
    });
    expect(service.uploads()).toEqual([]);
  },
);

it('a connection that breaks in the middle leaves nothing', async () => {
  const service = await pausedService();
  const { hostname, port } = new URL(service.url);
  const socket = connect(Number(port), hostname);
  const body = formOf(recordingForm(SOUND));
  socket.write(
    `POST /api/jobs HTTP/1.1\r\nHost: ${hostname}:${port}\r\nContent-Length: ${body.length}\r\nContent-Type: multipart/form-data; boundary=${BOUNDARY}\r\n\r\n`,
  );
  socket.write(body.subarray(0, 100_000));
  await vi.waitFor(() => expect(service.uploads()).toHaveLength(1), { timeout: 60_000 });
  socket.destroy();
  await once(socket, 'close');
  await vi.waitFor(() => expect(service.uploads()).toEqual([]), { timeout: 60_000 });
  expect(await jobCount(service)).toBe(0);
});

it('a path is taken over the socket alone', async () => {
  const service = await pausedService();
  const refused = { status: 403, body: { code: 'path_not_allowed', remedy: expect.stringContaining('-F file=@') } };
  expect(await sendOrder(service, { path: '/etc/passwd' })).toMatchObject(refused);
  expect(await sendOrder(service, { upload: 'f'.repeat(32), watched: true })).toMatchObject(refused);
  const empty = await sendOrder(service, {});
  expect(empty).toMatchObject({ status: 400, body: { detail: expect.stringContaining('path') } });
});
