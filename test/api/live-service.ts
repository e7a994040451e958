/** The API over TCP on a real store, and a real client of its streams. */
import type { AddressInfo } from 'node:net';
import { EventSource } from 'eventsource';
import type { FastifyInstance } from 'fastify';
import { onTestFinished } from 'vitest';
import type { ApiContext } from '../../src/api/context.ts';
import { NewsHub } from '../../src/api/events.ts';
import { type Live, type LiveOptions, liveOf } from '../../src/api/live/live.ts';
import { buildNetworkServer } from '../../src/api/network.ts';
import type { StopReason } from '../../src/domain/outcome.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { temporaryFolder, testClock } from '../store/support.ts';
import { HandClock } from '../support/hand-clock.ts';
import { apiContext } from './api-context.ts';

export interface LiveService {
  server: FastifyInstance;
  store: Store;
  hub: NewsHub;
  live: Live;
  clock: HandClock;
  dataDir: string;
  url: string;
  port: number;
  stopped: { id: number; why: StopReason }[];
  close(): Promise<void>;
}

interface Options extends LiveOptions {
  dataDir?: string;
  port?: number;
  clock?: HandClock;
  /** Who asks. */
  userId?: string;
  more?: (store: Store) => Partial<ApiContext>;
}

/** Starts a service; with the folder and the port of an earlier one it is that one, started anew. */
export async function liveService(options: Options = {}): Promise<LiveService> {
  const { dataDir = temporaryFolder(), port = 0, clock = new HandClock(), userId, more, ...rest } = options;
  const store = await openStore({ file: `${dataDir}/longhand.db`, clock: testClock() });
  const hub = new NewsHub();
  const stopped: LiveService['stopped'] = [];
  const context = apiContext(store, dataDir, {
    hub,
    live: { clock, ...rest },
    unwant: (id, why) => stopped.push({ id, why }) > 1e9,
    ...more?.(store),
  });
  const server = await buildNetworkServer(context);
  if (userId !== undefined) {
    server.addHook('onRequest', async (request) => {
      request.caller = { ...request.caller, userId };
    });
  }
  await server.listen({ host: '127.0.0.1', port });
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= server.close().then(() => store.close());
    return closing;
  };
  onTestFinished(close);
  const given = (server.server.address() as AddressInfo).port;
  const live = liveOf(context);
  return { server, store, hub, live, clock, dataDir, url: `http://127.0.0.1:${given}`, port: given, stopped, close };
}

const NAMES = [
  ...['submitted', 'state', 'changed', 'deleted', 'queue', 'settled', 'progress', 'waiting', 'length', 'log'],
  ...['line', 'ready', 'reset', 'problem', 'access', 'settings', 'model'],
];

export interface Received {
  name: string;
  /** Of the stream as it stands with it. */
  id: string;
  // biome-ignore lint/suspicious/noExplicitAny: what it is, is what the test asks
  data: any;
}

/** A browser's client: it comes again by itself. */
export class StreamClient {
  readonly source: EventSource;
  readonly received: Received[] = [];
  /** How often it was connected. */
  connections = 0;
  #look = () => {};

  constructor(url: string) {
    this.source = new EventSource(url);
    this.source.addEventListener('open', () => {
      this.connections += 1;
    });
    for (const name of NAMES) {
      this.source.addEventListener(name, ({ data, lastEventId }) => {
        this.received.push({ name, id: lastEventId, data: JSON.parse(data) });
        this.#look();
      });
    }
    onTestFinished(() => this.source.close());
  }

  of(name: string): Received[] {
    return this.received.filter((one) => one.name === name);
  }

  /** The ids of what is kept, in the order in which it came. */
  get ids(): number[] {
    return this.received.filter(({ data }) => typeof data.id === 'number').map(({ data }) => data.id);
  }

  /** Resolves once it has received what is looked for. */
  async until(found: (client: this) => boolean): Promise<this> {
    while (!found(this)) {
      await new Promise<void>((resolve) => {
        this.#look = resolve;
      });
    }
    return this;
  }

  /** Resolves when everything that comes from here on is live, after connecting so often. */
  ready(times = 1): Promise<this> {
    return this.until(() => this.of('ready').length >= times);
  }
}
