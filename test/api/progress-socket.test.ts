import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { HEARTBEAT_MS } from '../../src/api/live/heartbeat.ts';
import { finishJob, transition } from '../../src/store/jobs.ts';
import { queueControlOf } from '../jobs/queue-contexts.ts';
import { submit, working } from '../store/support.ts';
import { type LiveService, liveService } from './live-service.ts';

/** A client of the socket, and what it was told. */
class SocketClient {
  readonly socket: WebSocket;
  readonly messages: unknown[] = [];
  readonly closed: Promise<[code: number, reason: string]>;
  #look = () => {};

  constructor({ port }: LiveService, id: number, query = '') {
    this.socket = new WebSocket(`ws://127.0.0.1:${port}/api/transcription/${id}/progress${query}`);
    this.socket.on('message', (data) => {
      this.messages.push(JSON.parse(String(data)));
      this.#look();
    });
    this.closed = once(this.socket, 'close').then(([code, reason]) => [code, String(reason)]);
    onTestFinished(() => this.socket.terminate());
  }

  async until(count: number): Promise<void> {
    while (this.messages.length < count) {
      await new Promise<void>((resolve) => {
        this.#look = resolve;
      });
    }
  }
}

/** A service whose runner says how far it is. */
async function workingService() {
  let live: { percent: number; stage: string; secondsLeft?: number } | undefined;
  const service = await liveService({
    more: (store) => ({ queue: { ...queueControlOf(store), progressOf: () => live } }),
  });
  const report = (jobId: number, progress: NonNullable<typeof live>) => {
    live = progress;
    service.hub.tell({ type: 'progress', jobId, progress });
  };
  return { ...service, report };
}

test('tells the progress at once and with each change, and ends with the job', async () => {
  const service = await workingService();
  const { store, report } = service;
  const { job, lease } = await working(store);
  const client = new SocketClient(service, job.id);
  await client.until(1);
  report(job.id, { percent: 43.65, stage: 'Processing audio segments...', secondsLeft: 9.58 });
  await client.until(2);
  await finishJob(store, job.id, lease, { transcript: 'words', elapsedSeconds: 1, speed: 2 });
  expect(await client.closed).toEqual([1000, 'The job is completed']);
  expect(client.messages).toEqual([
    { progress: 0, stage: 'pending', eta: null, status: 'processing' },
    { progress: 43.7, stage: 'Processing audio segments...', eta: 10, status: 'processing' },
    { progress: 100, stage: 'Complete', eta: null, status: 'completed' },
  ]);
});

test('of a job that rests already tells that alone; a pause that ends by itself is no rest', async () => {
  const service = await liveService();
  const { store } = service;
  const by = { actor: 'user', reason: 'paused' };
  const [done, waits] = [await submit(store), await submit(store)];
  await transition(store, done, 'cancelled', by);
  await transition(store, waits, 'paused', { ...by, set: { paused_by: 'queue' } });
  const client = new SocketClient(service, done);
  expect(await client.closed).toEqual([1000, 'The job is cancelled']);
  expect(client.messages).toEqual([{ progress: 0, stage: 'pending', eta: null, status: 'cancelled' }]);
  const patient = new SocketClient(service, waits);
  await patient.until(1);
  await transition(store, waits, 'pending', by);
  await patient.until(2);
  expect(patient.messages).toMatchObject([{ status: 'paused' }, { status: 'pending' }]);
});

test('of a job that is not there, or is of somebody else, ends with 4404', async () => {
  const service = await liveService({ userId: 'ann' });
  const his = await submit(service.store, { userId: 'ben' });
  for (const id of [his, 99]) {
    const client = new SocketClient(service, id);
    expect(await client.closed).toEqual([4404, `There is no job ${id}.`]);
    expect(client.messages).toEqual([]);
  }
});

test.each([
  ['an id that is none', {}, 'x', 400],
  ['the socket switched off', { progressWebSocket: false }, '1', 404],
] as const)('with %s there is no connection', async (_, options, id, status) => {
  const { port } = await liveService(options);
  const socket = new WebSocket(`ws://127.0.0.1:${port}/api/transcription/${id}/progress`);
  await expect(once(socket, 'open')).rejects.toThrow(`Unexpected server response: ${status}`);
});

test('who gives no sign of life is cut off, who answers is not', async () => {
  const service = await liveService();
  const { store, port, clock } = service;
  const id = await submit(store);
  const client = new SocketClient(service, id, '?clientId=page');
  await client.until(1);
  // It asks for the upgrade and answers nothing from then on.
  const dead = connect(port, '127.0.0.1');
  dead.write(
    `GET /api/transcription/${id}/progress HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
  const gone = once(dead, 'close');
  await once(dead, 'data');
  for (let beat = 1; beat <= 2; beat += 1) {
    const pinged = once(client.socket, 'ping');
    await clock.advance(HEARTBEAT_MS);
    if (beat === 1) await pinged;
  }
  await gone;
  expect(client.socket.readyState).toBe(WebSocket.OPEN);
  expect(service.live.presence.isOpen('[null,"page"]')).toBe(true);
});

test('ends when the service ends, also for a client that does not answer', async () => {
  const service = await liveService();
  const client = new SocketClient(service, await submit(service.store));
  await client.until(1);
  client.socket.pause();
  await service.close();
  client.socket.resume();
  expect((await client.closed)[0]).toBe(1001);
});
