import { once } from 'node:events';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { submit } from '../store/support.ts';
import { type LiveService, liveService } from './live-service.ts';

interface Message {
  log?: number;
  events: { name: string; id?: number; data: { line?: string; jobId?: number; message?: string } }[];
}

/** A page's connection, and what it was told. */
class PageSocket {
  readonly socket: WebSocket;
  readonly messages: Message[] = [];
  readonly closed: Promise<[code: number]>;
  #look = () => {};

  constructor({ port }: LiveService) {
    this.socket = new WebSocket(`ws://127.0.0.1:${port}/api/live?clientId=page`);
    this.socket.on('message', (data) => {
      this.messages.push(JSON.parse(String(data)) as Message);
      this.#look();
    });
    this.closed = once(this.socket, 'close').then(([code]) => [code]);
    onTestFinished(() => this.socket.terminate());
  }

  say(wish: object): void {
    this.socket.send(JSON.stringify(wish));
  }

  linesOf(log: number): string[] {
    return this.messages
      .filter((one) => one.log === log)
      .flatMap(({ events }) => events.map(({ data }) => data.line ?? ''));
  }

  async until(found: (socket: this) => boolean): Promise<void> {
    while (!found(this)) {
      await new Promise<void>((resolve) => {
        this.#look = resolve;
      });
    }
  }

  has(name: string, log?: number): boolean {
    return this.messages.some((one) => one.log === log && one.events.some((event) => event.name === name));
  }
}

test('tells events and the logs that are asked for, and of one that is left no more', async () => {
  const service = await liveService();
  const { store, hub, dataDir, live } = service;
  const id = await submit(store);
  const path = join(dataDir, 'logs', `transcribe_job_${id}.log`);
  mkdirSync(join(dataDir, 'logs'));
  writeFileSync(path, 'one\ntwo\n');
  const page = new PageSocket(service);
  await page.until((socket) => socket.has('ready'));
  expect(live.presence.isOpen(JSON.stringify([null, 'page']))).toBe(true);
  page.say({ follow: id, from: 4, as: 7 });
  await page.until((socket) => socket.linesOf(7).includes('two'));
  expect(page.linesOf(7)).toEqual(['', 'two']);
  appendFileSync(path, 'three\n');
  hub.tell({ type: 'logged', jobId: id });
  await page.until((socket) => socket.linesOf(7).includes('three'));
  const other = await submit(store);
  await page.until(({ messages }) =>
    messages.some(({ events }) => events.some(({ name, data }) => name === 'submitted' && data.jobId === other)),
  );
  page.say({ leave: 7 });
  page.say({ follow: id, from: 0, as: 8 });
  await page.until((socket) => socket.linesOf(8).includes('three'));
  appendFileSync(path, 'four\n');
  hub.tell({ type: 'logged', jobId: id });
  await page.until((socket) => socket.linesOf(8).includes('four'));
  expect(page.linesOf(7)).not.toContain('four');
  page.socket.close();
  await page.closed;
});

test("tells nothing of others' logs, and ends with who says what is no wish", async () => {
  const service = await liveService({ userId: 'ann' });
  const his = await submit(service.store, { userId: 'ben' });
  const page = new PageSocket(service);
  await page.until((socket) => socket.has('ready'));
  page.say({ follow: his, from: 0, as: 1 });
  await page.until((socket) => socket.has('problem', 1));
  expect(page.has('following', 1)).toBe(false);
  page.say({ delete: his });
  expect(await page.closed).toEqual([1008]);
});
