import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/domain/clock.ts';
import { LimitWatch } from '../../src/supervisor/limits.ts';
import type { Verdict } from '../../src/supervisor/verdict.ts';
import { type Patience, RunWatch } from '../../src/supervisor/watch.ts';

const LONG: Patience = { heartbeatMs: 5, missedHeartbeats: 1e9, progressMs: 1e9 };

function watch(patience: Partial<Patience>, times = { runningSeconds: 0, timeLimitSeconds: 1 }) {
  let judge: (verdict: Verdict) => void = () => undefined;
  const verdict = new Promise<Verdict>((resolve) => {
    judge = resolve;
  });
  const told: Verdict[] = [];
  const watched = new RunWatch({
    clock: systemClock,
    patience: { ...LONG, ...patience },
    limits: new LimitWatch({ memoryBytes: 1_000, exact: () => undefined }),
    runningSeconds: () => times.runningSeconds,
    timeLimitSeconds: () => times.timeLimitSeconds,
    onVerdict: (found) => {
      told.push(found);
      judge(found);
    },
  });
  onTestFinished(() => watched.stop());
  return { watched, verdict, told };
}

describe('a run is watched for', () => {
  it('a process that says nothing', async () => {
    const { verdict } = watch({ missedHeartbeats: 3 });
    expect(await verdict).toMatchObject({ type: 'process hung', error: { kind: 'crash' } });
  });

  it('work that stands still though the heart beats', async () => {
    const { watched, verdict } = watch({ missedHeartbeats: 1_000, progressMs: 30 });
    const beats = setInterval(() => watched.beat(), 2);
    onTestFinished(() => clearInterval(beats));
    expect(await verdict).toMatchObject({ type: 'engine hung', error: { kind: 'engine' } });
  });

  it('too much time, by a limit that may become longer meanwhile', async () => {
    const times = { runningSeconds: 5, timeLimitSeconds: 10 };
    const { watched, verdict, told } = watch({}, times);
    times.timeLimitSeconds = 20;
    times.runningSeconds = 15;
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(told).toEqual([]);
    times.runningSeconds = 20;
    expect(await verdict).toMatchObject({
      type: 'time limit',
      error: { kind: 'timeout', message: 'Transcription timeout after 20 seconds' },
    });
    watched.sampled({ at: 0, cpuSeconds: 0, cpuPercent: 0, processes: 1, elapsedSeconds: 0, rssBytes: 2_000 });
    expect(told).toHaveLength(1);
  });

  it('too much memory, and is judged once', async () => {
    const { watched, verdict, told } = watch({});
    const usage = { at: 0, cpuSeconds: 0, cpuPercent: 0, processes: 1, elapsedSeconds: 0 };
    watched.sampled({ ...usage, rssBytes: 1_000 });
    expect(told).toEqual([]);
    watched.sampled({ ...usage, rssBytes: 1_001 });
    watched.sampled({ ...usage, rssBytes: 2_000 });
    expect(await verdict).toMatchObject({ type: 'memory limit', error: { kind: 'memory' } });
    expect(told).toHaveLength(1);
  });

  it('nothing while it beats and gets on', async () => {
    const { watched, told } = watch({ missedHeartbeats: 20, progressMs: 200 });
    for (let turn = 0; turn < 20; turn += 1) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      expect(watched.beat()).toBeGreaterThanOrEqual(0);
      watched.progressed();
    }
    expect(told).toEqual([]);
  });
});
