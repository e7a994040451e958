/** Downloads of models in the stream of events, over real connections: to who watches, and to where the model comes from. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { PROGRESS_INTERVAL_MS } from '../../src/api/live/pace.ts';
import { systemClock } from '../../src/domain/clock.ts';
import { ModelShelf } from '../../src/engines/model-shelf.ts';
import { scratchPath } from '../support/scratch.ts';
import { type LiveService, liveService, StreamClient } from './live-service.ts';

const TINY_BYTES = 77_691_713;
const PIECE = Buffer.alloc(1_000);

/** Sends a model piece by piece as long as it is wanted, and then neither more nor the end. */
async function slowSource(isWanted: () => boolean): Promise<string> {
  const server = createServer(async (request, response) => {
    const start = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const head = { etag: '"one"', 'content-length': TINY_BYTES - start };
    const range = { 'content-range': `bytes ${start}-${TINY_BYTES - 1}/${TINY_BYTES}` };
    response.writeHead(start > 0 ? 206 : 200, start > 0 ? { ...head, ...range } : head);
    while (!response.destroyed) {
      if (isWanted() && !response.writableNeedDrain) response.write(PIECE);
      await turn();
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Whoever got this has got everything that was told before. */
async function mark({ hub }: LiveService, message: string, ...clients: StreamClient[]): Promise<void> {
  hub.tell({ type: 'log', jobId: 1, level: 'INFO', message });
  for (const client of clients) await client.until(() => client.of('log').some(({ data }) => data.message === message));
}

test('a download is told to all who watch, now and then; its end is told at once, and nothing older comes behind it', async () => {
  let isWanted = true;
  const received = () => shelf.pulls()[0]?.receivedBytes ?? 0;
  const source = await slowSource(() => isWanted);
  const shelf = new ModelShelf({ cacheDir: scratchPath('model-news'), source, clock: systemClock });
  onTestFinished(() => shelf.close());
  const service = await liveService({ more: () => ({ models: shelf }) });
  const { url, clock } = service;
  const grown = async (beyond: number) => {
    isWanted = true;
    while (received() <= beyond) await turn();
    isWanted = false;
  };
  const all = await new StreamClient(`${url}/api/events`).ready();
  const some = await new StreamClient(`${url}/api/events?jobs=1`).ready();
  const told = () => all.of('model').map(({ data }) => data.pull);

  const body = JSON.stringify({ name: 'tiny' });
  const headers = { 'content-type': 'application/json' };
  expect((await fetch(`${url}/api/models`, { method: 'POST', headers, body })).status).toBe(202);
  await grown(0);
  await mark(service, 'some has come', all);
  // The clock stands still.
  expect(told()).toMatchObject([{ name: 'tiny', status: 'pulling', receivedBytes: 0, totalBytes: TINY_BYTES }]);
  await grown(received());
  const first = received();
  await clock.advance(PROGRESS_INTERVAL_MS);
  await all.until(() => told().length > 1);
  expect(told()[1].receivedBytes).toBeGreaterThanOrEqual(first);

  await grown(received());
  const ended = await (await fetch(`${url}/api/models/pulls/tiny`, { method: 'DELETE' })).json();
  await all.until(() => told().at(-1).status === 'cancelled');
  expect(told().at(-1)).toEqual(ended);
  const count = told().length;
  await clock.advance(2 * PROGRESS_INTERVAL_MS);
  await mark(service, 'time is up', all, some);
  expect(told()).toHaveLength(count);
  expect(all.of('model').every(({ data }) => data.id === undefined)).toBe(true);
  expect(some.of('model')).toEqual([]);

  // Who comes later is told how it ended.
  const late = await new StreamClient(`${url}/api/events`).ready();
  await mark(service, 'they are there', late);
  expect(late.of('model').map(({ data }) => data)).toEqual([{ type: 'model', pull: ended }]);
});

test('what ends while nobody watches is told as it ended, and what was held back is not told behind it', async () => {
  let isWanted = true;
  const source = await slowSource(() => isWanted);
  const shelf = new ModelShelf({ cacheDir: scratchPath('model-news-alone'), source, clock: systemClock });
  onTestFinished(() => shelf.close());
  const service = await liveService({ more: () => ({ models: shelf }) });
  shelf.pull('tiny');
  while (shelf.pulls()[0]?.receivedBytes === 0) await turn();
  isWanted = false;
  await shelf.cancel('tiny');
  const client = await new StreamClient(`${service.url}/api/events`).ready();
  await service.clock.advance(PROGRESS_INTERVAL_MS);
  await mark(service, 'time is up', client);
  expect(client.of('model').map(({ data }) => data.pull.status)).toEqual(['cancelled']);
});
