import { get, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { HEARTBEAT_MS } from '../../src/api/live/heartbeat.ts';
import { PROGRESS_INTERVAL_MS } from '../../src/api/live/pace.ts';
import { MAX_WAITING_BYTES } from '../../src/api/sse.ts';
import { appendAccessEvent } from '../../src/store/access-events.ts';
import { listEvents } from '../../src/store/events.ts';
import { transition } from '../../src/store/jobs.ts';
import { setPriority } from '../../src/store/priority.ts';
import { pauseQueue, resumeQueue } from '../../src/store/queue-state.ts';
import { removeJob } from '../../src/store/remove-job.ts';
import { forgetOld } from '../../src/store/retention.ts';
import type { Store } from '../../src/store/store.ts';
import { inTransaction } from '../../src/store/transaction.ts';
import { queueControlOf } from '../jobs/queue-contexts.ts';
import { claim, submit } from '../store/support.ts';
import { type LiveService, liveService, StreamClient } from './live-service.ts';

const byUser = { actor: 'user', reason: 'no need' };

const PER_ROUND = 7;

/** Events of every kind. */
async function happenings(store: Store): Promise<void> {
  const id = await submit(store);
  await setPriority(store, id, 3, byUser);
  await claim(store, [id]);
  await transition(store, id, 'cancelled', byUser);
  await pauseQueue(store, { by: 'user', ...byUser });
  await resumeQueue(store, byUser);
  await removeJob(store, id, byUser);
}

async function idsIn(store: Store): Promise<number[]> {
  return (await listEvents(store)).map(({ id }) => id);
}

/** Tells how far a job is, as its runner does. */
function progress({ hub }: LiveService, jobId: number, percent: number): void {
  hub.tell({ type: 'progress', jobId, progress: { percent, stage: 'Processing' } });
}

test('a client that was away, over a restart too, gets each event once and in order', async () => {
  const first = await liveService();
  await submit(first.store);
  const client = await new StreamClient(`${first.url}/api/events`).ready();
  await happenings(first.store);
  await client.until(({ ids }) => ids.length === PER_ROUND);
  // The connection breaks while something happens.
  first.server.server.closeAllConnections();
  await happenings(first.store);
  await client.ready(2);
  await first.close();
  const second = await liveService({ dataDir: first.dataDir, port: first.port });
  await happenings(second.store);
  await client.ready(3);
  await happenings(second.store);
  await client.until(({ ids }) => ids.length >= 4 * PER_ROUND);
  const all = await idsIn(second.store);
  expect(client.ids).toEqual(all.slice(1));
  expect(client.of('reset')).toEqual([]);
});

test('events say what happened, to which job, by whom, in words', async () => {
  const { url, store } = await liveService();
  const client = await new StreamClient(`${url}/api/events`).ready();
  await happenings(store);
  await client.until(({ ids }) => ids.length === PER_ROUND);
  const kept = client.received.filter(({ data }) => data.id !== undefined);
  expect(kept.map(({ name, data }) => [name, data.jobId, data.status, data.sentence])).toEqual([
    ['submitted', 1, 'pending', 'Submitted by the user.'],
    ['changed', 1, undefined, 'Priority changed from 0 to 3 by the user.'],
    ['state', 1, 'processing', 'Run 1 began.'],
    ['state', 1, 'cancelled', 'Cancelled by the user while it was worked on.'],
    ['queue', null, undefined, 'Queue paused by the user: no need.'],
    ['queue', null, undefined, 'Queue resumed by the user: no need.'],
    ['deleted', 1, undefined, 'Deleted by the user (interview.flac; it was cancelled): no need.'],
  ]);
  expect(kept.map(({ id }) => id)).toEqual(kept.map(({ data }) => String(data.id)));
});

test('clients that come while things happen all have everything', async () => {
  const { url, store, live } = await liveService();
  await submit(store);
  const clients: StreamClient[] = [];
  for (let round = 0; round < 20; round += 1) {
    clients.push(
      new StreamClient(`${url}/api/events?lastEventId=1`),
      new StreamClient(`${url}/api/events?lastEventId=0`),
    );
    await happenings(store);
  }
  const all = await idsIn(store);
  for (const [at, client] of clients.entries()) {
    await client.until(({ ids }) => ids.at(-1) === all.at(-1));
    expect(client.ids).toEqual(all.slice(at % 2 === 0 ? 1 : 0));
  }
  expect(live.sseClients).toBe(40);
});

test('an id that is not known, or is kept no longer, is told', async () => {
  const { url, store } = await liveService();
  await happenings(store);
  const ahead = await new StreamClient(`${url}/api/events?lastEventId=99`).ready();
  expect(ahead.received[0]).toMatchObject({
    name: 'reset',
    id: '7',
    data: { reason: expect.stringMatching(/no event 99/) },
  });
  const { clock } = store as Store & { clock: { advance(ms: number): void } };
  clock.advance(2 * 24 * 3_600_000);
  await happenings(store);
  await forgetOld(store, { eventDays: 1, usageDays: 1 });
  const behind = await new StreamClient(`${url}/api/events?lastEventId=4`).ready();
  expect(behind.received[0]).toMatchObject({
    name: 'reset',
    id: '14',
    data: { reason: expect.stringMatching(/behind 4 /) },
  });
  const edge = await new StreamClient(`${url}/api/events?lastEventId=7`).ready();
  expect(edge.ids).toEqual([8, 9, 10, 11, 12, 13, 14]);
});

test('a stream of some jobs has those alone, beginning with how they stand', async () => {
  const { url, store, hub } = await liveService();
  const [one, two] = [await submit(store), await submit(store, { durationMinutes: 2 })];
  const client = await new StreamClient(`${url}/api/events?jobs=${two},77`).ready();
  for (const jobId of [one, two]) hub.tell({ type: 'log', jobId, level: 'INFO', message: `of ${jobId}` });
  await transition(store, one, 'cancelled', byUser);
  await transition(store, two, 'paused', { ...byUser, set: { paused_by: 'queue' } });
  await client.until(({ ids }) => ids.length === 1);
  expect(client.received.map(({ name, data: { jobId, status, pausedBy } }) => [name, jobId, status, pausedBy])).toEqual(
    [
      ['ready', undefined, undefined, undefined],
      ['problem', 77, undefined, undefined],
      ['state', two, 'pending', null],
      ['length', two, undefined, undefined],
      ['log', two, undefined, undefined],
      ['state', two, 'paused', 'queue'],
    ],
  );
});

test('nobody hears of the jobs of others', async () => {
  const { url, store, hub } = await liveService({ userId: 'ann' });
  const [hers, his] = [await submit(store, { userId: 'ann' }), await submit(store, { userId: 'ben' })];
  const client = await new StreamClient(`${url}/api/events?lastEventId=0`).ready();
  for (const id of [his, hers]) {
    hub.tell({ type: 'log', jobId: id, level: 'INFO', message: 'words' });
    await transition(store, id, 'cancelled', byUser);
    await removeJob(store, id, byUser);
  }
  await client.until(() => client.of('deleted').length > 0);
  expect(new Set(client.received.flatMap(({ data }) => data.jobId ?? []))).toEqual(new Set([hers]));
  expect(client.received.map(({ name }) => name)).toEqual(['submitted', 'ready', 'log', 'state', 'deleted']);
  expect(JSON.stringify(client.received)).not.toMatch(/ann|ben/);
  const [named] = (await new StreamClient(`${url}/api/events?jobs=${his}`).ready()).of('state');
  expect(named).toBeUndefined();
  expect((await fetch(`${url}/api/jobs/${his}/events`)).status).toBe(404);
});

test.each([
  [undefined, ['access', 'access']],
  ['ann', []],
])('who may come in is told to those alone who see everything (user %s)', async (userId, told) => {
  const { url, store } = await liveService(userId === undefined ? {} : { userId });
  const comes = (reason: string) =>
    inTransaction(store, (trx) => appendAccessEvent(store, trx, { actor: 'user', reason }));
  await comes('The key phone was added');
  const client = await new StreamClient(`${url}/api/events?lastEventId=0`).ready();
  await comes('The key phone was revoked');
  await submit(store, { userId: 'ann' });
  await client.until(() => client.of('submitted').length > 0);
  expect(client.of('access').map(({ name }) => name)).toEqual(told);
});

test('progress comes at most four times a second, the latest, and never behind a change of state', async () => {
  const service = await liveService();
  const { url, store, clock } = service;
  const id = await submit(store);
  await claim(store, [id]);
  const client = await new StreamClient(`${url}/api/jobs/${id}/events`).ready();
  for (let percent = 1; percent <= 30; percent += 1) progress(service, id, percent);
  await clock.advance(PROGRESS_INTERVAL_MS);
  for (let percent = 31; percent <= 60; percent += 1) progress(service, id, percent);
  await clock.advance(PROGRESS_INTERVAL_MS);
  for (let percent = 61; percent <= 90; percent += 1) progress(service, id, percent);
  await transition(store, id, 'cancelled', byUser);
  service.hub.tell({ type: 'state', jobId: id, status: 'cancelled' });
  await client.until(() => client.of('settled').length > 0);
  const told = client.received.slice(2).map(({ name, data }) => data.progress?.percent ?? name);
  expect(told).toEqual([1, 30, 60, 90, 'state', 'settled']);
});

test('the figures of the moment are told again to whoever comes later', async () => {
  const { url, store } = await liveService({
    more: (store) => ({
      queue: {
        ...queueControlOf(store),
        progressOf: (id: number) => (id === 1 ? { percent: 42, stage: 'Processing', secondsLeft: 7 } : undefined),
        whyWaiting: (id: number) => (id === 2 ? 'The hours for work are over.' : undefined),
      },
    }),
  });
  await claim(store, [await submit(store)]);
  await submit(store);
  const client = await new StreamClient(`${url}/api/events?jobs=1,2`).ready();
  await client.until(() => client.of('waiting').length > 0);
  expect(client.of('progress')).toMatchObject([{ data: { jobId: 1, progress: { percent: 42, secondsLeft: 7 } } }]);
  expect(client.of('waiting')).toMatchObject([{ data: { jobId: 2, why: 'The hours for work are over.' } }]);
});

test('a comment every 15 seconds and a hint when to come again keep the connection', async () => {
  const { url, clock } = await liveService();
  const response = await fetch(`${url}/api/events`);
  expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  expect(response.headers.get('cache-control')).toBe('no-store');
  const reader = (response.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader();
  onTestFinished(() => reader.cancel());
  let text = '';
  const until = async (pattern: RegExp) => {
    while (!pattern.test(text)) text += (await reader.read()).value ?? '';
  };
  await until(/ready/);
  expect(text).toMatch(/^retry: 2000\n\n/);
  await clock.advance(HEARTBEAT_MS - 1);
  expect(text).not.toContain(':\n\n:\n\n');
  await clock.advance(1);
  await until(/\n\n:\n\n$/);
  await clock.advance(HEARTBEAT_MS);
  await until(/\n\n:\n\n:\n\n$/);
});

test('a client that does not read is cut off, and the others have everything', async () => {
  const { url, hub, live } = await liveService();
  const reading = await new StreamClient(`${url}/api/events`).ready();
  const idle = await new Promise<IncomingMessage>((resolve) => get(`${url}/api/events`, resolve));
  while (live.sseClients < 2) await turn();
  const message = 'x'.repeat(64 * 1024);
  let told = 0;
  for (; live.sseClients === 2; told += 1) {
    hub.tell({ type: 'log', jobId: 1, level: 'INFO', message });
    // The one that reads gets the time to do it.
    await reading.until(() => reading.of('log').length === told + 1);
    // The system's own buffers take a few megabytes before anything waits here.
    expect(told * message.length).toBeLessThan(100 * MAX_WAITING_BYTES);
  }
  expect(live.sseClients).toBe(1);
  // What had left for it is all that it finds.
  await expect(text(idle)).rejects.toThrow(/aborted/);
});

test('a service that ends, ends its streams at once', async () => {
  const { url, live, close } = await liveService();
  const open = await Promise.all(['/api/events', '/api/events?jobs=1'].map((path) => fetch(`${url}${path}`)));
  expect(live.sseClients).toBe(2);
  const ended = Promise.all(open.map((response) => response.text()));
  await close();
  await ended;
  expect(live.sseClients).toBe(0);
});

test.each(['jobs=', 'jobs=1,,2', 'jobs=x', 'jobs=0', 'lastEventId=-1', 'clientId=a b', `clientId=${'x'.repeat(65)}`])(
  'a stream with %s is refused in a sentence',
  async (query) => {
    const { url } = await liveService();
    const response = await fetch(`${url}/api/events?${query}`);
    expect(response.status).toBe(400);
    expect(((await response.json()) as { detail: string }).detail).toMatch(/^The request is not valid: /);
  },
);
