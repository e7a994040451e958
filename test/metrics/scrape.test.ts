/** `/metrics` of a real owner that listens, before and after real work. */
import { expect, test } from 'vitest';
import { ownerUnderTest } from '../supervisor/owners.ts';
import { readExposition, sampleOf } from './exposition.ts';
import { askPromtool, PROMTOOL } from './promtool.ts';

test('a job that is done shows in every figure that is about it, once', async () => {
  const { owner, submit, rested } = await ownerUnderTest({ port: 0 }, { listens: true, takesAll: true });
  const id = await submit();
  expect((await rested(id)).status).toBe('completed');

  const response = await fetch(`${owner.address}/metrics`);
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  const text = await response.text();
  const metrics = readExposition(text);
  const of = (name: string, labels?: Record<string, string>) => sampleOf(metrics, name, labels);
  const engine = { engine: 'pocketsphinx' };
  expect(of('transcriptions_total', engine)).toBe(1);
  expect(of('transcriptions_failed_total', { kind: 'input' })).toBe(0);
  expect(of('transcription_duration_seconds_count', engine)).toBe(1);
  expect(of('transcription_duration_seconds_sum', engine)).toBeGreaterThan(0);
  expect(of('longhand_audio_seconds_total', engine)).toBeGreaterThan(0.5);
  expect(of('longhand_realtime_factor_count', engine)).toBe(1);
  expect(of('longhand_stage_duration_seconds_count', { stage: 'prepare' })).toBe(1);
  expect(of('longhand_stage_duration_seconds_count', { stage: 'transcribe' })).toBe(1);
  expect(of('longhand_runs_total', { outcome: 'completed' })).toBe(1);
  expect(of('longhand_jobs', { status: 'completed' })).toBe(1);
  expect(of('longhand_started_jobs')).toBe(1);
  expect(of('longhand_jobs_with_pid')).toBe(1);
  expect(of('transcription_queue_size')).toBe(0);
  expect(of('longhand_queue_work_seconds')).toBe(0);
  expect(of('longhand_log_files')).toBeGreaterThanOrEqual(2);
  expect(of('longhand_database_size_bytes')).toBeGreaterThan(10_000);
  expect(of('longhand_disk_free_bytes')).toBeLessThan(of('longhand_disk_size_bytes') as number);
  expect(of('longhand_build_info', { node: process.versions.node })).toBe(1);
  expect(of('process_resident_memory_bytes')).toBeGreaterThan(1e7);
  for (const { value } of metrics.get('longhand_scrape_errors_total')?.samples ?? []) expect(value).toBe(0);
  if (PROMTOOL) expect(askPromtool(['check', 'metrics'], text)).toBe('');
});

test('what fails to be read costs its own figures, and is counted', async () => {
  const { ServiceMetrics } = await import('../../src/metrics/metrics.ts');
  let now = 0;
  let broken = false;
  const metrics = new ServiceMetrics({
    version: '1',
    monotonicMs: () => now,
    listen: () => () => undefined,
    endingOf: async () => undefined,
    processes: () => Promise.reject(new Error('no registry')),
    byStatus: () => Promise.reject(new Error('no database')),
    queue: async () => ({ waiting: 3, workSeconds: 12.5, pause: undefined }),
    databaseBytes: async () => {
      if (broken) throw new Error('gone');
      return 5;
    },
    diskSpace: async () => ({ freeBytes: 1, totalBytes: 2 }),
    isReady: async () => false,
    streams: () => 4,
    sockets: () => 7,
  });
  try {
    const first = readExposition(await metrics.text());
    expect(sampleOf(first, 'transcription_queue_size')).toBe(3);
    expect(sampleOf(first, 'longhand_event_streams')).toBe(4);
    expect(sampleOf(first, 'longhand_event_sockets')).toBe(7);
    expect(sampleOf(first, 'longhand_ready')).toBe(0);
    expect(sampleOf(first, 'longhand_jobs', { status: 'failed' })).toBeUndefined();
    expect(sampleOf(first, 'longhand_active_processes')).toBeUndefined();
    expect(sampleOf(first, 'longhand_database_size_bytes')).toBe(5);
    expect(sampleOf(first, 'longhand_scrape_errors_total', { source: 'jobs' })).toBe(1);
    broken = true;
    // Within two seconds nobody asks again.
    expect(sampleOf(readExposition(await metrics.text()), 'longhand_database_size_bytes')).toBe(5);
    now += 2_000;
    const second = readExposition(await metrics.text());
    expect(sampleOf(second, 'longhand_database_size_bytes')).toBeUndefined();
    expect(sampleOf(second, 'longhand_scrape_errors_total', { source: 'jobs' })).toBe(2);
    expect(sampleOf(second, 'longhand_scrape_errors_total', { source: 'database' })).toBe(1);
  } finally {
    metrics.close();
  }
});
