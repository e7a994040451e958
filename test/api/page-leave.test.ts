import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { Engine } from '../../src/engines/engine.ts';
import { LEAVE_MS, pageLeaveOf } from '../../src/jobs/page-leave.ts';
import { listEvents } from '../../src/store/events.ts';
import { getJob, transition } from '../../src/store/jobs.ts';
import { claim, submit } from '../store/support.ts';
import { type LiveService, liveService, StreamClient } from './live-service.ts';

const byUser = { actor: 'user', reason: 'asked for' };
const OF_PAGE = { clientId: 'page', onLeave: 'cancel' } as const;
/** Two looks at the pages. */
const LOOKS_MS = 10_000;

/** Lets the time pass, and what is due be done. */
async function pass({ clock }: LiveService, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 1_000) {
    await clock.advance(1_000);
    for (let turns = 0; turns < 10; turns += 1) await turn();
  }
}

async function statusOf({ store }: LiveService, id: number): Promise<string | undefined> {
  return (await getJob(store, id))?.status;
}

async function closed(service: LiveService, client: StreamClient): Promise<void> {
  client.source.close();
  while (service.live.sseClients > 0) await turn();
}

test('a job ends when its page was closed for a minute, and not before; others go on', async () => {
  const service = await liveService();
  const { store, url } = service;
  const page = await new StreamClient(`${url}/api/events?clientId=page`).ready();
  const ours = await submit(store, OF_PAGE);
  const others = [
    await submit(store),
    await submit(store, { clientId: 'page' }),
    await submit(store, { ...OF_PAGE, userId: 'ben' }),
  ];
  await claim(store, [ours]);
  // As long as it is open.
  await pass(service, 3 * LEAVE_MS);
  expect(await statusOf(service, ours)).toBe('processing');
  expect(await statusOf(service, others[2] as number)).toBe('cancelled');
  await closed(service, page);
  await pass(service, LEAVE_MS - 1_000);
  expect(await statusOf(service, ours)).toBe('processing');
  await pass(service, LOOKS_MS);
  expect(await statusOf(service, ours)).toBe('cancelled');
  expect(service.stopped).toContainEqual({ id: ours, why: 'cancel' });
  for (const id of others.slice(0, 2)) expect(await statusOf(service, id)).toBe('pending');
  const last = (await listEvents(store, { jobId: ours })).at(-1);
  expect(last).toMatchObject({ actor: 'owner', reason: 'The page that started it was closed' });
});

test('a page that comes back in time, for a moment and by any stream, keeps its job', async () => {
  const service = await liveService();
  const { store, url, port } = service;
  const id = await submit(store, OF_PAGE);
  for (const path of ['/api/events', `/api/jobs/${id}/events`, `/api/jobs/${id}/log/events`]) {
    await pass(service, LEAVE_MS - LOOKS_MS);
    const page = new StreamClient(`${url}${path}?clientId=page`);
    while (service.live.sseClients === 0) await turn();
    await closed(service, page);
  }
  await pass(service, LEAVE_MS - LOOKS_MS);
  const socket = new WebSocket(`ws://127.0.0.1:${port}/api/transcription/${id}/progress?clientId=page`);
  await once(socket, 'message');
  socket.terminate();
  await pass(service, LEAVE_MS - LOOKS_MS);
  expect(await statusOf(service, id)).toBe('pending');
  await pass(service, 2 * LOOKS_MS);
  expect(await statusOf(service, id)).toBe('cancelled');
});

test('after a restart a page has a minute from the start', async () => {
  const first = await liveService();
  const id = await submit(first.store, OF_PAGE);
  await pass(first, LEAVE_MS - LOOKS_MS);
  await first.close();
  const second = await liveService({ dataDir: first.dataDir });
  await pass(second, LEAVE_MS - LOOKS_MS);
  expect(await statusOf(second, id)).toBe('pending');
  await pass(second, 2 * LOOKS_MS);
  expect(await statusOf(second, id)).toBe('cancelled');
});

test('a job that a person paused, or asked for again, is left alone', async () => {
  const service = await liveService();
  const { store } = service;
  const [paused, again, waits] = [
    await submit(store, OF_PAGE),
    await submit(store, OF_PAGE),
    await submit(store, OF_PAGE),
  ];
  await transition(store, paused, 'paused', { ...byUser, set: { paused_by: 'user' } });
  await transition(store, waits, 'paused', { ...byUser, set: { paused_by: 'queue' } });
  await transition(store, again, 'cancelled', byUser);
  await transition(store, again, 'pending', byUser);
  await pass(service, LEAVE_MS + LOOKS_MS);
  expect(await Promise.all([paused, again, waits].map((id) => statusOf(service, id)))).toEqual([
    'paused',
    'pending',
    'cancelled',
  ]);
});

describe('what a page says', () => {
  const ENGINE = {
    ...{
      name: 'pocketsphinx',
      label: 'PocketSphinx',
      languages: ['en'],
      maxChunkSeconds: 60,
      chunkDurationSeconds: 30,
    },
    check: async () => ({ available: true, detail: 'here' }),
    resolveModel: async () => ({ name: 'en-us' }),
  } as unknown as Engine;

  test('is kept with the job, and is no part of its parameters', async () => {
    const { url, store } = await liveService({ more: () => ({ engines: [ENGINE] }) });
    const post = (more: Record<string, string>) => {
      const form = new FormData();
      for (const [name, value] of Object.entries({ again: 'true', ...more })) form.set(name, value);
      form.set('file', new Blob(['sound']), 'a.wav');
      return fetch(`${url}/api/jobs`, { method: 'POST', body: form });
    };
    const { id } = (await (await post(OF_PAGE)).json()) as { id: number };
    const job = await getJob(store, id);
    expect(job).toMatchObject({ client_id: 'page', on_leave: 'cancel' });
    expect(job?.parameters).not.toContain('page');
    for (const bad of [{ onLeave: 'cancel' }, { ...OF_PAGE, onLeave: 'explode' }, { clientId: '../x' }]) {
      const refused = await post(bad);
      expect(refused.status).toBe(400);
      expect(((await refused.json()) as { detail: string }).detail).toMatch(/onLeave|clientId/);
    }
  });

  test.each([
    [{}, 'cancel', {}],
    [{ clientId: 'page' }, 'continue', { clientId: 'page' }],
    [{ clientId: 'page' }, 'cancel', OF_PAGE],
    [{ clientId: 'page', onLeave: 'continue' }, 'cancel', { clientId: 'page' }],
    [OF_PAGE, 'continue', OF_PAGE],
  ] as const)('%j, where the setting says %s, is %j', (wish, byDefault, kept) => {
    expect(pageLeaveOf(wish, byDefault)).toEqual(kept);
  });
});
