import { expect, onTestFinished, test } from 'vitest';
import { NewsHub } from '../../src/api/events.ts';
import { EventFeed, type Watcher } from '../../src/api/live/event-feed.ts';
import { listEvents } from '../../src/store/events.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { submit, temporaryFolder, testClock } from '../store/support.ts';
import { HandClock } from '../support/hand-clock.ts';

async function feedOf(): Promise<{ feed: EventFeed; store: Store; hub: NewsHub }> {
  const store = await openStore({ file: `${temporaryFolder()}/longhand.db`, clock: testClock() });
  const hub = new NewsHub();
  const feed = new EventFeed(store, hub, new HandClock());
  onTestFinished(async () => {
    await feed.close();
    await store.close();
  });
  return { feed, store, hub };
}

class Listener implements Watcher {
  readonly jobs = undefined;
  readonly userId = null;
  readonly ids: number[] = [];
  isOpen = true;
  failure: string | undefined;

  take = ({ id }: { id: number | undefined }): void => {
    if (id !== undefined) this.ids.push(id);
  };

  drained = async (): Promise<void> => undefined;

  fail = (sentence: string): void => {
    this.isOpen = false;
    this.failure = sentence;
  };

  async has(count: number): Promise<number[]> {
    while (this.ids.length < count) await new Promise(setImmediate);
    return this.ids;
  }
}

const NOTHING = { prepare: async () => undefined, greet: () => undefined };

test.each([false, true])(
  'what happens while a watcher is let in reaches it, though nothing else happens (others watch: %s)',
  async (others) => {
    const { feed, store } = await feedOf();
    await submit(store);
    if (others) await feed.open(new Listener(), undefined, NOTHING);
    for (const [lastId, expected] of [
      [undefined, [2]],
      [0, [1, 2, 3]],
    ] as const) {
      const late = new Listener();
      const prepare = async () => {
        await submit(store);
      };
      await feed.open(late, lastId, { ...NOTHING, prepare });
      expect(await late.has(expected.length)).toEqual(expected);
      feed.leave(late);
    }
  },
);

test('a store that cannot be read ends the streams with a sentence; who comes again has everything', async () => {
  const { feed, store } = await feedOf();
  const first = new Listener();
  await feed.open(first, undefined, NOTHING);
  const { db } = store;
  Object.assign(store, {
    db: {
      selectFrom: () => {
        throw new Error('The disk is gone.');
      },
      transaction: () => db.transaction(),
    },
  });
  await submit(store);
  while (first.isOpen) await new Promise(setImmediate);
  expect(first.failure).toMatch(/The disk is gone/);
  const second = new Listener();
  await feed.open(second, 0, NOTHING);
  expect(second.failure).toMatch(/The disk is gone/);
  Object.assign(store, { db });
  const third = new Listener();
  await feed.open(third, 0, NOTHING);
  await submit(store);
  expect(await third.has(2)).toEqual((await listEvents(store)).map(({ id }) => id));
});
