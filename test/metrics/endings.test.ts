import { expect, onTestFinished, test } from 'vitest';
import { defineMetrics } from '../../src/metrics/definitions.ts';
import { Endings } from '../../src/metrics/endings.ts';
import { endingOf } from '../../src/store/endings.ts';
import { finishJob, transition } from '../../src/store/jobs.ts';
import { openStore } from '../../src/store/open.ts';
import { endRun } from '../../src/store/runs.ts';
import { temporaryFolder, testClock, working } from '../store/support.ts';
import { readExposition, sampleOf } from './exposition.ts';

test('each run and each end of a job counts once, however often it is told', async () => {
  const clock = testClock();
  const store = await openStore({ file: `${temporaryFolder()}/longhand.db`, clock });
  onTestFinished(() => store.close());
  const metrics = defineMetrics();
  const missed: unknown[] = [];
  const endings = new Endings({
    metrics,
    endingOf: (id) => endingOf(store, id),
    onMissed: (error) => missed.push(error),
  });
  const tell = async (jobId: number, status: 'retrying' | 'failed' | 'completed' | 'pending') => {
    endings.hear({ type: 'state', jobId, status });
    endings.hear({ type: 'state', jobId, status });
    await endings.counted();
  };

  const first = await working(store, { engine: 'whisper', durationMinutes: 2 });
  const error = { kind: 'network', message: 'The server did not answer.' } as const;
  await endRun(store, first.run.id, { outcome: 'failed', error });
  const retry = { leaseToken: first.lease, actor: 'test', reason: 'again' };
  expect(await transition(store, first.job.id, 'retrying', retry)).toBe(true);
  await tell(first.job.id, 'retrying');
  expect(
    await transition(store, first.job.id, 'failed', {
      actor: 'test',
      reason: 'enough',
      set: { error_kind: 'network' },
    }),
  ).toBe(true);
  await tell(first.job.id, 'failed');
  // Asked for again, and failed again: that is another end.
  clock.advance(1_000);
  await transition(store, first.job.id, 'pending', { actor: 'test', reason: 'by hand' });
  await tell(first.job.id, 'pending');
  await transition(store, first.job.id, 'failed', { actor: 'test', reason: 'gone', set: { error_kind: 'input' } });
  await tell(first.job.id, 'failed');

  const second = await working(store, { engine: 'whisper', durationMinutes: 2 });
  await finishJob(store, second.job.id, second.lease, { transcript: 'done', elapsedSeconds: 60, speed: 2 });
  await endRun(store, second.run.id, { outcome: 'completed' });
  await tell(second.job.id, 'completed');
  await tell(999, 'completed');

  const found = readExposition(await metrics.registry.metrics());
  const of = (name: string, labels: Record<string, string>) => sampleOf(found, name, labels);
  expect(of('longhand_runs_total', { outcome: 'failed' })).toBe(1);
  expect(of('longhand_runs_total', { outcome: 'completed' })).toBe(1);
  expect(of('longhand_retries_total', { kind: 'network' })).toBe(1);
  expect(of('transcriptions_failed_total', { kind: 'network' })).toBe(1);
  expect(of('transcriptions_failed_total', { kind: 'input' })).toBe(1);
  expect(of('transcriptions_total', { engine: 'whisper' })).toBe(3);
  expect(of('transcription_duration_seconds_bucket', { engine: 'whisper', le: '30' })).toBe(0);
  expect(of('transcription_duration_seconds_bucket', { engine: 'whisper', le: '60' })).toBe(1);
  expect(of('longhand_realtime_factor_sum', { engine: 'whisper' })).toBe(0.5);
  expect(of('longhand_audio_seconds_total', { engine: 'whisper' })).toBe(120);
  expect(missed).toEqual([]);

  await store.close();
  await tell(second.job.id, 'completed');
  expect(missed.length).toBe(2);
});
