import { expect, test } from 'vitest';
import { onNewEvents } from '../../../src/store/event-readers.ts';
import { eventBounds, eventsBetween, listEvents } from '../../../src/store/events.ts';
import { transition } from '../../../src/store/jobs.ts';
import { setPriority } from '../../../src/store/priority.ts';
import type { OpenEmpty } from '../conformance.ts';
import { submit, testClock } from '../support.ts';

const how = { actor: 'user', reason: 'no need' };

export function eventReaderTests(open: OpenEmpty): void {
  test('readers are woken once events can be read, and by nothing else', async () => {
    const store = await open(testClock());
    const seen: Promise<number>[] = [];
    const leave = onNewEvents(store, () => seen.push(listEvents(store).then((events) => events.length)));
    const id = await submit(store);
    await setPriority(store, id, 1, how);
    // Nothing changes, so there is no event.
    await setPriority(store, id, 1, how);
    expect(await transition(store, id, 'completed', how)).toBe(false);
    const failing = { ...how, also: () => Promise.reject(new Error('no')) };
    await expect(transition(store, id, 'cancelled', failing)).rejects.toThrow('no');
    await transition(store, id, 'cancelled', how);
    leave();
    await submit(store);
    expect(await Promise.all(seen)).toHaveLength(3);
    expect(await seen[2]).toBe(3);
  });

  test('the bounds of what is kept, and stretches of it', async () => {
    const store = await open(testClock());
    expect(await eventBounds(store)).toBeUndefined();
    const [one, two] = [await submit(store), await submit(store)];
    await transition(store, one, 'cancelled', how);
    await transition(store, two, 'cancelled', how);
    const all = (await listEvents(store)).map(({ id }) => id) as [number, number, number, number];
    expect(await eventBounds(store)).toEqual({ oldest: all[0], newest: all[3] });
    const ids = async (stretch: Parameters<typeof eventsBetween>[1]) =>
      (await eventsBetween(store, stretch)).map(({ id }) => id);
    const limit = 9;
    expect(await ids({ after: all[0], upTo: all[2], limit })).toEqual([all[1], all[2]]);
    expect(await ids({ after: 0, upTo: all[3], jobIds: [two], limit })).toEqual([all[1], all[3]]);
    expect(await ids({ after: 0, upTo: all[3], limit: 3 })).toEqual(all.slice(0, 3));
  });

  test('a pause says in its event who paused', async () => {
    const store = await open(testClock());
    const id = await submit(store);
    await transition(store, id, 'paused', { ...how, data: { more: 1 }, set: { paused_by: 'queue' } });
    const last = (await listEvents(store)).at(-1);
    expect(JSON.parse(last?.data ?? '')).toEqual({ more: 1, pausedBy: 'queue' });
  });
}
