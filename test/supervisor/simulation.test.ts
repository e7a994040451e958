import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openStore } from '../../src/store/open.ts';
import { testClock } from '../store/support.ts';
import { Simulation } from './simulation.ts';

/** Where syncing costs nothing: what is proved here is not what the disk does. */
function quickFolder(): string {
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'longhand-simulation-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Mulberry32 (Tommy Ettinger, public domain): the same numbers for the same seed. */
function seededDice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe('a queue of 10,000 jobs of all lengths, with failures, pauses and restarts', () => {
  it('comes to its end: every job ends, none runs twice at once, in the order that was promised', async () => {
    const clock = testClock();
    const store = await openStore({ file: join(quickFolder(), 'longhand.db'), clock });
    onTestFinished(() => store.close());
    const tally = await new Simulation({ store, clock, dice: seededDice(20_261), jobs: 10_000 }).run();
    expect(tally.completed + tally.failed + tally.cancelled).toBe(10_000);
    // It was not an idle one.
    for (const [what, count] of Object.entries(tally)) expect(count, what).toBeGreaterThan(10);
  });
});
