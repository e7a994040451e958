import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { systemClock } from '../../src/domain/clock.ts';
import { LimitWatch } from '../../src/supervisor/limits.ts';
import type { Verdict } from '../../src/supervisor/verdict.ts';
import { type Patience, RunWatch } from '../../src/supervisor/watch.ts';

const LONG: Patience = { heartbeatMs: 5, missedHeartbeats: 1e9, progressMs: 1e9 };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});
afterEach(() => {
  vi.useRealTimers();
});

function watch(patience: Partial<Patience>, times = { runningSeconds: 0, timeLimitSeconds: 1 }) {
  let nowMs = 0;
  const told: Verdict[] = [];
  const watched = new RunWatch({
    clock: { ...systemClock, monotonicMs: () => nowMs },
    patience: { ...LONG, ...patience },
    limits: new LimitWatch({ memoryBytes: 1_000, exact: () => undefined }),
    runningSeconds: () => times.runningSeconds,
    timeLimitSeconds: () => times.timeLimitSeconds,
    onVerdict: (verdict) => told.push(verdict),
  });
  onTestFinished(() => watched.stop());
  /** Lets the timer of the watch go round so many times. */
  const turn = (times = 1) => {
    for (let turns = 0; turns < times; turns += 1) {
      nowMs += LONG.heartbeatMs;
      vi.advanceTimersByTime(LONG.heartbeatMs);
    }
  };
  return { watched, told, turn };
}

describe('a run is watched for', () => {
  it('a process that says nothing', () => {
    const { told, turn } = watch({ missedHeartbeats: 3 });
    turn(2);
    expect(told).toEqual([]);
    turn();
    expect(told).toMatchObject([{ type: 'process hung', error: { kind: 'crash' } }]);
  });

  it('work that stands still though the heart beats', () => {
    const { watched, told, turn } = watch({ missedHeartbeats: 2, progressMs: 6 * LONG.heartbeatMs });
    for (let turns = 0; turns < 5; turns += 1) {
      turn();
      watched.beat();
    }
    expect(told).toEqual([]);
    turn();
    expect(told).toMatchObject([{ type: 'engine hung', error: { kind: 'engine' } }]);
  });

  it('too much time, by a limit that may become longer meanwhile', () => {
    const times = { runningSeconds: 5, timeLimitSeconds: 10 };
    const { watched, told, turn } = watch({}, times);
    times.timeLimitSeconds = 20;
    times.runningSeconds = 15;
    turn(6);
    expect(told).toEqual([]);
    times.runningSeconds = 20;
    turn();
    expect(told).toMatchObject([
      { type: 'time limit', error: { kind: 'timeout', message: 'Transcription timeout after 20 seconds' } },
    ]);
    watched.sampled({ at: 0, cpuSeconds: 0, cpuPercent: 0, processes: 1, elapsedSeconds: 0, rssBytes: 2_000 });
    expect(told).toHaveLength(1);
  });

  it('too much memory, and is judged once', () => {
    const { watched, told } = watch({});
    const usage = { at: 0, cpuSeconds: 0, cpuPercent: 0, processes: 1, elapsedSeconds: 0 };
    watched.sampled({ ...usage, rssBytes: 1_000 });
    expect(told).toEqual([]);
    watched.sampled({ ...usage, rssBytes: 1_001 });
    watched.sampled({ ...usage, rssBytes: 2_000 });
    expect(told).toMatchObject([{ type: 'memory limit', error: { kind: 'memory' } }]);
  });

  it('nothing while it beats and gets on', () => {
    const { watched, told, turn } = watch({ missedHeartbeats: 20, progressMs: 20 * LONG.heartbeatMs });
    for (let times = 0; times < 10; times += 1) {
      turn(19);
      expect(watched.beat()).toBe(18 * LONG.heartbeatMs);
      watched.progressed();
    }
    expect(told).toEqual([]);
  });
});
