import { appendFileSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { JobLog } from '../../src/logs/job-log.ts';
import { lastLines, linesFrom } from '../../src/logs/tail.ts';
import { logPath } from '../../src/supervisor/job-files.ts';
import { submit } from '../store/support.ts';
import { type LiveService, liveService, StreamClient } from './live-service.ts';

/** Opens a job's log as its supervisor does, small enough to be rotated again and again. */
function openLog({ dataDir, hub }: LiveService, jobId: number): JobLog {
  const path = logPath(dataDir, jobId);
  mkdirSync(dirname(path), { recursive: true });
  const onWritten = () => hub.tell({ type: 'logged', jobId });
  return new JobLog(path, { now: () => 0, onWritten, limits: { rotateBytes: 2_000 } });
}

function numbers(client: StreamClient): number[] {
  return client.of('line').map(({ data }) => Number(/ (\d+) /.exec(data.line)?.[1]));
}

function upTo(last: number, first = 1): number[] {
  return Array.from({ length: last - first + 1 }, (_, at) => first + at);
}

const say = (log: JobLog, n: number) => log.write('INFO', 'runner', `line ${n} ไทย 😀`);

test('lines come once each, whatever is rotated, over lost connections and a restart', async () => {
  const first = await liveService();
  const id = await submit(first.store);
  const log = openLog(first, id);
  for (const n of upTo(30)) say(log, n);
  const path = logPath(first.dataDir, id);
  // What was said is written soon after; the last five are to be these.
  await vi.waitFor(async () => expect((await lastLines(path, 1)).text).toContain('line 30 '), { timeout: 60_000 });
  const client = await new StreamClient(`${first.url}/api/jobs/${id}/log/events?lines=5`).until(
    (one) => one.of('line').length >= 5,
  );
  for (const n of upTo(80, 31)) say(log, n);
  await client.until((one) => numbers(one).at(-1) === 80);
  first.server.server.closeAllConnections();
  for (const n of upTo(120, 81)) say(log, n);
  await client.until((one) => numbers(one).at(-1) === 120);
  await log.close();
  await first.close();
  const second = await liveService({ dataDir: first.dataDir, port: first.port });
  const more = openLog(second, id);
  for (const n of upTo(200, 121)) say(more, n);
  await client.until((one) => numbers(one).at(-1) === 200);
  await more.close();
  expect(numbers(client)).toEqual(upTo(200, 26));
  // Each id is where the next line begins, in the log as it lies in its parts.
  expect(readdirSync(dirname(path)).length).toBeGreaterThan(3);
  for (const at of [0, 60, 130]) {
    const { text } = await linesFrom(path, Number(client.of('line')[at]?.id));
    expect(text.split('\n')[0]).toBe(client.of('line')[at + 1]?.data.line);
  }
});

test('clients that come while it is written all have every line, from one reading', async () => {
  const service = await liveService();
  const id = await submit(service.store);
  const log = openLog(service, id);
  const clients: StreamClient[] = [];
  for (let n = 1; n <= 300; n += 1) {
    say(log, n);
    if (n % 30 === 0) {
      clients.push(new StreamClient(`${service.url}/api/jobs/${id}/log/events?lines=100000`));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  for (const client of clients) {
    await client.until((one) => numbers(one).at(-1) === 300);
    expect(numbers(client)).toEqual(upTo(300));
  }
  await log.close();
});

test('a line is told when it is whole', async () => {
  const { url, store, hub, dataDir } = await liveService();
  const id = await submit(store);
  const path = logPath(dataDir, id);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, 'one\n');
  const client = await new StreamClient(`${url}/api/jobs/${id}/log/events`).until((one) => one.of('line').length === 1);
  appendFileSync(path, 'half');
  hub.tell({ type: 'logged', jobId: id });
  // Another one finds the half there, and is told the whole line alone as well.
  const late = await fetch(`${url}/api/jobs/${id}/log?lines=2`);
  expect(await late.text()).toBe('one\nhalf');
  appendFileSync(path, ' and half\nthree\n');
  hub.tell({ type: 'logged', jobId: id });
  await client.until((one) => one.of('line').length === 3);
  expect(client.of('line').map(({ data, id }) => [data.line, id])).toEqual([
    ['one', '4'],
    ['half and half', '18'],
    ['three', String(statSync(path).size)],
  ]);
});

test('where a stretch is gone, or never was, that is told and it goes on behind it', async () => {
  const service = await liveService();
  const id = await submit(service.store);
  const log = openLog(service, id);
  for (const n of upTo(200)) say(log, n);
  await log.close();
  const path = logPath(service.dataDir, id);
  const folder = dirname(path);
  const oldest = readdirSync(folder).filter((name) => /\.0-\d+/.test(name));
  expect(oldest).toHaveLength(1);
  for (const name of oldest) rmSync(join(folder, name));
  const open = (lastEventId: number) =>
    new StreamClient(`${service.url}/api/jobs/${id}/log/events?lastEventId=${lastEventId}`);
  const behind = await open(0).until((one) => numbers(one).at(-1) === 200);
  expect(behind.received[0]).toMatchObject({
    name: 'reset',
    data: { reason: expect.stringMatching(/^Bytes 0 to \d+ .*goes on/) },
  });
  expect(behind.received[0]?.id).toBe(/to (\d+)/.exec(behind.received[0]?.data.reason)?.[1]);
  const ahead = await open(10_000_000).until((one) => one.received.length === 1);
  expect(ahead.received[0]).toMatchObject({
    name: 'reset',
    data: { reason: expect.stringMatching(/ends before byte 10000000/) },
  });
});

test('a long log is told to the end, without cutting off a client that reads it', async () => {
  const service = await liveService();
  const id = await submit(service.store);
  const path = logPath(service.dataDir, id);
  mkdirSync(dirname(path), { recursive: true });
  const count = 60_000;
  // Short lines: as events they are many times as long.
  writeFileSync(path, Array.from({ length: count }, (_, at) => ` ${at + 1} x\n`).join(''));
  const client = new StreamClient(`${service.url}/api/jobs/${id}/log/events?lines=100000`);
  await client.until(({ received }) => received.length >= count);
  expect(numbers(client)).toEqual(upTo(count));
  expect(client.connections).toBe(1);
});
