/** kill -9 of the service while recordings come in over HTTP and others are worked on. */
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { StreamClient } from '../api/live-service.ts';
import { BOUNDARY, formOf } from '../api/uploads/service.ts';
import { Home, type Running } from '../support/cli.ts';
import { synthesise } from '../support/media.ts';
import { eventually, expectWhole, undisturbedBrief } from './support.ts';

const JOBS = 4;
const FORMS = 5;
const IN_PARTS = 5;
const TUS = { 'tus-resumable': '1.0.0' };
/** As `BRIEF_CHUNKS` are told to the command. */
const ASKED = { chunkDurationSeconds: '2', processes: '1', again: 'true' };

interface Serving {
  running: Running;
  url: string;
  port: string;
}

async function serve(home: Home, port: string): Promise<Serving> {
  const running = home.start(['serve', '--port', port]);
  onTestFinished(() => running.kill());
  const [, url = ''] = await running.said(/listens on (\S+)/);
  return { running, url, port: new URL(url).port };
}

async function handIn({ url }: Serving, sound: Uint8Array): Promise<number> {
  const form = new FormData();
  for (const [name, value] of Object.entries(ASKED)) form.append(name, value);
  form.append('file', new Blob([sound as Uint8Array<ArrayBuffer>]), 'talk.wav');
  const response = await fetch(`${url}/api/jobs`, { method: 'POST', body: form });
  expect(response.status).toBe(201);
  return ((await response.json()) as { id: number }).id;
}

/** Sends the first half of a form. @returns what resolves when the connection is gone */
function sendHalfForm({ port }: Serving, sound: Uint8Array): Promise<unknown> {
  const body = formOf([{ name: 'file', filename: 'half.wav', value: sound }]);
  const socket = connect(Number(port), '127.0.0.1');
  socket.on('error', () => undefined);
  const gone = once(socket, 'close');
  socket.write(
    `POST /api/jobs HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Length: ${body.length}\r\nContent-Type: multipart/form-data; boundary=${BOUNDARY}\r\n\r\n`,
  );
  socket.write(body.subarray(0, body.length / 2));
  return gone;
}

/** Sends the first half of an upload in parts. @returns the address of the upload, without the host */
async function sendHalfUpload({ url }: Serving, sound: Uint8Array): Promise<string> {
  const created = await fetch(`${url}/api/uploads`, {
    method: 'POST',
    headers: { ...TUS, 'upload-length': String(sound.length), 'upload-metadata': `filename ${btoa('quiet.wav')}` },
  });
  expect(created.status).toBe(201);
  const path = new URL(created.headers.get('location') as string, url).pathname;
  await sendPart(url + path, 0, sound.subarray(0, sound.length / 2));
  return path;
}

async function sendPart(address: string, offset: number, part: Uint8Array): Promise<void> {
  const headers = { ...TUS, 'upload-offset': String(offset), 'content-type': 'application/offset+octet-stream' };
  const body = part as Uint8Array<ArrayBuffer>;
  expect((await fetch(address, { method: 'PATCH', headers, body })).status).toBe(204);
}

/** Sends what is missing, and makes a job of it. */
async function finishUpload({ url }: Serving, path: string, sound: Uint8Array): Promise<number> {
  const head = await fetch(url + path, { method: 'HEAD', headers: TUS });
  const offset = Number(head.headers.get('upload-offset'));
  expect(offset).toBe(Math.floor(sound.length / 2));
  await sendPart(url + path, offset, sound.subarray(offset));
  const order = { upload: path.split('/').at(-1), again: true };
  const headers = { 'content-type': 'application/json' };
  const made = await fetch(`${url}/api/jobs`, { method: 'POST', headers, body: JSON.stringify(order) });
  expect(made.status).toBe(201);
  return ((await made.json()) as { id: number }).id;
}

test('everything accepted goes on, what was half sent is sent on or gone, and clients miss nothing', async () => {
  const { file, text } = await undisturbedBrief();
  const home = new Home();
  const sound = readFileSync(file);
  const quiet = readFileSync(await synthesise('quiet.wav', 'anullsrc=r=16000:cl=mono:d=4'));
  const uploads = () => readdirSync(join(home.dataDir, 'uploads'));
  const first = await serve(home, '0');
  const client = await new StreamClient(`${first.url}/api/events`).ready();
  const jobs: number[] = [];
  while (jobs.length < JOBS) jobs.push(await handIn(first, sound));
  const broken = Array.from({ length: FORMS }, () => sendHalfForm(first, sound));
  const paths = await Promise.all(Array.from({ length: IN_PARTS }, () => sendHalfUpload(first, quiet)));
  const started = () => uploads().length >= JOBS + FORMS + IN_PARTS || undefined;
  await eventually(started, 'the beginnings of all uploads on the disk');
  await client.until(() => client.of('progress').some(({ data }) => data.progress.chunk >= 2));
  await first.running.kill();
  await Promise.all(broken);

  const second = await serve(home, first.port);
  const resumed = await Promise.all(paths.map((path) => finishUpload(second, path, quiet)));
  const all = [...jobs, ...resumed];
  const done = () =>
    new Set(client.of('settled').flatMap(({ data }) => (data.status === 'completed' ? data.jobId : [])));
  await client.until(() => all.every((id) => done().has(id)));
  for (const id of jobs) {
    const answer = await fetch(`${second.url}/api/jobs/${id}/transcript`);
    expect((await answer.text()).trimEnd()).toBe(text.trimEnd());
  }
  const list = (await (await fetch(`${second.url}/api/jobs?sort=oldest`)).json()) as { jobs: { id: number }[] };
  expect(list.jobs.map(({ id }) => id)).toEqual(all.toSorted((a, b) => a - b));
  expect(client.of('reset')).toEqual([]);
  second.running.signal('SIGTERM');
  expect((await second.running.finished).code).toBe(0);

  expect(uploads()).toHaveLength(all.length);
  const { stdout } = await home.run(['audit', '--json']);
  const kept = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).id as number);
  expect(client.ids).toEqual(kept);
  for (const id of jobs) await expectWhole(home, id);
});
