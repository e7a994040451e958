import { join } from 'node:path';
import { sql } from 'kysely';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseQuietHours } from '../../src/domain/quiet-hours.ts';
import { openStore } from '../../src/store/open.ts';
import { pauseQueue } from '../../src/store/queue-state.ts';
import { QueueGate } from '../../src/supervisor/queue-gate.ts';
import { temporaryFolder, testClock } from '../store/support.ts';

const MB = 1024 ** 2;
const HOUR_MS = 3_600_000;

async function gateWith({ quietHours = undefined as string | undefined, timeZone = 'UTC', freeBytes = 0 } = {}) {
  const clock = testClock();
  const disk = { freeBytes, totalBytes: 1000 * MB };
  const store = await openStore({ file: join(temporaryFolder(), 'longhand.db'), clock });
  onTestFinished(() => store.close());
  const hours = quietHours === undefined ? undefined : parseQuietHours(quietHours, timeZone);
  const newGate = () => new QueueGate({ store, clock, quietHours: hours, diskSpace: async () => ({ ...disk }) });
  return { clock, disk, store, newGate, gate: newGate() };
}

describe('a full disk', () => {
  it('closes the queue until there is enough, also for the next owner, and tells both', async () => {
    const { gate, newGate, disk } = await gateWith({ freeBytes: 10 * MB });
    expect(await gate.closedBecause()).toBeUndefined();
    await gate.diskFull({ message: 'There is no space left for the database.' });
    expect(await gate.closedBecause()).toBe(
      'The queue is paused until there is space on the disk: There is no space left for the database.',
    );
    const next = newGate();
    disk.freeBytes = 60 * MB;
    expect(await next.resumeWhenSpace()).toBe(false);
    expect(await next.closedBecause()).toBeDefined();
    disk.freeBytes = 100 * MB;
    expect(await next.resumeWhenSpace()).toBe(true);
    expect(await next.closedBecause()).toBeUndefined();
    expect(await next.resumeWhenSpace()).toBe(false);
  });

  it('closes it until as much is free as the job needs, where that is known', async () => {
    const { gate, newGate, disk } = await gateWith({ freeBytes: 300 * MB });
    await gate.diskFull({ message: 'Not enough.', neededBytes: 700 * MB });
    const next = newGate();
    disk.freeBytes = 600 * MB;
    expect(await next.resumeWhenSpace()).toBe(false);
    disk.freeBytes = 700 * MB;
    expect(await next.resumeWhenSpace()).toBe(true);
  });

  it('that has space again at once is tried after a while, whatever becomes of the time of day', async () => {
    const { gate, clock } = await gateWith({ freeBytes: 900 * MB });
    await gate.diskFull({ message: 'Full a moment ago.' });
    clock.advance(4_000);
    expect(await gate.resumeWhenSpace()).toBe(false);
    clock.advance(1_000);
    expect(await gate.resumeWhenSpace()).toBe(true);
  });

  it('closes it also when not even that can be written', async () => {
    const { gate, store, disk, clock } = await gateWith();
    await sql`pragma query_only = on`.execute(store.db);
    await expect(gate.diskFull({ message: 'no space' })).rejects.toThrow();
    expect(await gate.closedBecause()).toBe('The queue is paused until there is space on the disk: no space');
    await sql`pragma query_only = off`.execute(store.db);
    disk.freeBytes = 500 * MB;
    clock.advance(5_000);
    expect(await gate.resumeWhenSpace()).toBe(true);
    expect(await gate.closedBecause()).toBeUndefined();
  });

  it('does not end the pause of a person', async () => {
    const { gate, store, disk, clock } = await gateWith();
    await pauseQueue(store, { by: 'user', actor: 'user', reason: 'dinner' });
    await gate.diskFull({ message: 'no space' });
    disk.freeBytes = 900 * MB;
    clock.advance(5_000);
    expect(await gate.resumeWhenSpace()).toBe(false);
    expect(await gate.closedBecause()).toBe('The queue is paused (dinner). Go on with: longhand queue resume');
  });
});

describe('the hours for work', () => {
  it('close and open the queue by the clock', async () => {
    const { gate, clock } = await gateWith({ quietHours: '22:00-07:00' });
    expect(gate.isOpenHour).toBe(true);
    expect(gate.opensAt).toBeUndefined();
    clock.advance(8 * HOUR_MS);
    expect(gate.isOpenHour).toBe(false);
    expect(gate.opensAt).toBe(Date.UTC(2026, 0, 1, 22));
    expect(await gate.closedBecause()).toMatch(/^Outside the hours for work; it goes on at \d\d:00/);
    clock.advance(14 * HOUR_MS);
    expect(await gate.closedBecause()).toBeUndefined();
  });

  it('are told by the clock of their time zone', async () => {
    const { gate } = await gateWith({ quietHours: '22:00-06:00', timeZone: 'Asia/Bangkok' });
    expect(await gate.closedBecause()).toBe('Outside the hours for work; it goes on at 22:00 GMT+7.');
  });
});
