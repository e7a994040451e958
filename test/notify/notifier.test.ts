import { describe, expect, onTestFinished, test } from 'vitest';
import { GIVE_UP_AFTER_MS, nextTryAt } from '../../src/domain/notification.ts';
import { Notifier } from '../../src/notify/notifier.ts';
import type { Outcome } from '../../src/notify/outcome.ts';
import { transition } from '../../src/store/jobs.ts';
import { type Due, getDelivery, listDeliveries } from '../../src/store/notification-deliveries.ts';
import { noteTest } from '../../src/store/notification-outbox.ts';
import { getTarget, insertTarget } from '../../src/store/notification-targets.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { submit, type TestClock, temporaryFolder, testClock } from '../store/support.ts';

const MIDDLE = () => 0.5;
const NO: Outcome = { delivered: false, error: 'No.' };
const YES: Outcome = { delivered: true };

interface UnderTest {
  store: Store;
  clock: TestClock;
  notifier: Notifier;
  lines: string[];
  /** Makes a job fail, which all targets want to know. */
  jobFails(): Promise<void>;
  /** Lets time pass and whatever is due then be told. */
  later(ms: number): Promise<void>;
}

async function notifierOf(send: (due: Due, signal: AbortSignal) => Promise<Outcome>): Promise<UnderTest> {
  const clock = testClock();
  const store = await openStore({ file: `${temporaryFolder()}/longhand.db`, clock });
  const lines: string[] = [];
  const log = (level: string, sentence: string) => void lines.push(`${level} ${sentence}`);
  // Only the end of the patience at a stop sleeps; it shall not come before it is asked for.
  const sleep = (_ms: number, signal?: AbortSignal) =>
    new Promise<void>((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
  const notifier = new Notifier({ store, clock: { ...clock, sleep }, dice: MIDDLE, send, log });
  onTestFinished(() => store.close());
  return {
    ...{ store, clock, notifier, lines },
    jobFails: async () => {
      await transition(store, await submit(store), 'failed', { actor: 'scheduler', reason: 'x' });
    },
    later: async (ms) => {
      clock.advance(ms);
      notifier.tick();
      await notifier.settled();
    },
  };
}

function target(store: Store, host: string): Promise<number> {
  const address = `https://${host}.example.org/hook`;
  return insertTarget(store, { kind: 'webhook', address, secret: 'x'.repeat(16), events: ['failed'] }, null);
}

async function statuses(store: Store): Promise<string[]> {
  return (await listDeliveries(store, { whose: null, limit: 1000 })).map(({ status, tries }) => `${status} ${tries}`);
}

describe('when to try again', () => {
  test('soon at first, then every hour, for a day', () => {
    let now = 0;
    const waits: number[] = [];
    for (let tries = 1; ; tries += 1) {
      const at = nextTryAt({ tries, createdAt: 0, now }, MIDDLE);
      if (at === undefined) break;
      waits.push((at - now) / 1000);
      now = at;
    }
    expect(waits.slice(0, 11)).toEqual([10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600]);
    expect(now).toBeGreaterThan(GIVE_UP_AFTER_MS - 3_600_000);
    expect(now).toBeLessThanOrEqual(GIVE_UP_AFTER_MS);
  });
});

describe('the notifier', () => {
  test('tells what an owner before has left, and tries again with the same id until it is taken', async () => {
    const sent: string[] = [];
    const { store, notifier, jobFails, later, lines } = await notifierOf(async ({ event_id, payload }) => {
      sent.push(`${event_id} ${payload}`);
      return sent.length < 3 ? NO : YES;
    });
    await target(store, 'a');
    await jobFails();
    notifier.wake();
    expect(sent).toEqual([]);
    notifier.start();
    await notifier.settled();
    expect(sent).toHaveLength(1);
    await later(9_000);
    expect(sent).toHaveLength(1);
    await later(1_000);
    await later(20_000);
    expect(new Set(sent).size).toBe(1);
    expect(await statuses(store)).toEqual(['delivered 3']);
    await later(24 * 3_600_000);
    expect(sent).toHaveLength(3);
    expect(lines.join('\n')).not.toMatch(/x{16}|\/hook/);
    await notifier.stop();
  });

  test('gives up after a day, and at once what is refused for good', async () => {
    let outcome: Outcome = NO;
    const { store, notifier, jobFails, later, clock } = await notifierOf(async () => outcome);
    await target(store, 'a');
    await jobFails();
    const from = clock.now();
    notifier.start();
    await notifier.settled();
    while ((await statuses(store))[0]!.startsWith('pending')) await later(60_000);
    expect(clock.now() - from).toBeLessThanOrEqual(GIVE_UP_AFTER_MS);
    expect(clock.now() - from).toBeGreaterThan(GIVE_UP_AFTER_MS - 2 * 3_600_000);
    outcome = { ...NO, final: true };
    await jobFails();
    await later(3_600_000);
    expect((await statuses(store))[0]).toBe('failed 1');
    await notifier.stop();
  });

  test('a dead target holds up nobody, and is left alone for a while after five failures', async () => {
    const sent = { dead: 0, alive: 0 };
    let release = () => {};
    const hang = new Promise<void>((resolve) => (release = resolve));
    const { store, notifier, jobFails, later } = await notifierOf(async ({ address }) => {
      if (address.includes('alive')) {
        sent.alive += 1;
        return YES;
      }
      sent.dead += 1;
      if (sent.dead === 1) await hang;
      return NO;
    });
    await target(store, 'dead');
    await target(store, 'alive');
    for (let n = 0; n < 10; n += 1) await jobFails();
    notifier.start();
    while ((await statuses(store)).filter((status) => status === 'delivered 1').length < 10) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(sent).toEqual({ dead: 1, alive: 10 });
    release();
    await notifier.settled();
    expect(sent.dead).toBe(5);
    await later(59_000);
    expect(sent.dead).toBe(5);
    await jobFails();
    await later(1_000);
    // One is let through, and the rest is twice as long.
    expect(sent).toEqual({ dead: 6, alive: 11 });
    await later(119_000);
    expect(sent.dead).toBe(6);
    await later(1_000);
    expect(sent.dead).toBe(7);
    await notifier.stop();
  });

  test('one that is asked for is tried once, whatever rests, and not again', async () => {
    const { store, notifier } = await notifierOf(async () => ({ ...NO, httpStatus: 500 }));
    const id = await noteTest(store, (await getTarget(store, await target(store, 'a'), null))!);
    await notifier.tryOnce(id);
    await notifier.tryOnce(id);
    expect(await getDelivery(store, id)).toMatchObject({ event: 'test', status: 'failed', tries: 1, http_status: 500 });
  });

  test('a stop waits for what is under way and for what is due behind it', async () => {
    const sent: string[] = [];
    let release = () => {};
    const hang = new Promise<void>((resolve) => (release = resolve));
    const { store, notifier, jobFails } = await notifierOf(async ({ event_id }) => {
      sent.push(event_id);
      await hang;
      return YES;
    });
    await target(store, 'a');
    await jobFails();
    await jobFails();
    notifier.start();
    const stopped = notifier.stop();
    release();
    await stopped;
    await notifier.stop();
    expect(await statuses(store)).toEqual(['delivered 1', 'delivered 1']);
    await jobFails();
    notifier.wake();
    await notifier.settled();
    expect(sent).toHaveLength(2);
  });

  test('what a stop cuts off stays to be told', async () => {
    const { store, clock, jobFails } = await notifierOf(async () => YES);
    let begun = () => {};
    const underWay = new Promise<void>((resolve) => (begun = resolve));
    const send = (_due: Due, signal: AbortSignal) => {
      begun();
      return new Promise<Outcome>((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    };
    const notifier = new Notifier({ store, clock, dice: MIDDLE, send, log: () => undefined });
    await target(store, 'a');
    await jobFails();
    notifier.start();
    await underWay;
    await notifier.stop();
    expect(await statuses(store)).toEqual(['pending 0']);
  });
});
