import { expect, test } from 'vitest';
import { dropArtifact, listArtifacts, recordArtifact } from '../../../src/store/artifacts.ts';
import { listStages, setStage } from '../../../src/store/stages.ts';
import type { OpenEmpty } from '../conformance.ts';
import { testClock, working } from '../support.ts';

export function stageAndArtifactTests(open: OpenEmpty): void {
  test('a stage has its start, its end, its progress and its output', async () => {
    const clock = testClock();
    const store = await open(clock);
    const start = clock.now();
    const { job, lease } = await working(store, { stages: { prepare: 'not_started' } });
    await setStage(store, job.id, lease, 'prepare', { status: 'processing' });
    clock.advance(10);
    await setStage(store, job.id, lease, 'prepare', { status: 'processing', progress: 50, estimatedEndAt: start + 20 });
    expect(await listStages(store, job.id)).toMatchObject([
      { started_at: start, ended_at: null, progress: 50, estimated_end_at: start + 20 },
    ]);
    clock.advance(10);
    expect(await setStage(store, job.id, lease, 'prepare', { status: 'complete', output: { chunks: 3 } })).toBe(true);
    expect(await listStages(store, job.id)).toMatchObject([
      { status: 'complete', started_at: start, ended_at: start + 20, progress: 100, output: '{"chunks":3}' },
    ]);
  });

  test('a stage that goes wrong says so and can begin again', async () => {
    const clock = testClock();
    const store = await open(clock);
    const { job, lease } = await working(store);
    await setStage(store, job.id, lease, 'transcribe', { status: 'processing', progress: 30 });
    await setStage(store, job.id, lease, 'transcribe', { status: 'error', errorMessage: 'died' });
    expect(await listStages(store, job.id)).toMatchObject([{ status: 'error', error_message: 'died', progress: 30 }]);
    clock.advance(5);
    await setStage(store, job.id, lease, 'transcribe', { status: 'processing' });
    await setStage(store, job.id, lease, 'download', { status: 'skipped' });
    expect(await listStages(store, job.id)).toMatchObject([
      { name: 'download', status: 'skipped', started_at: null },
      { name: 'transcribe', started_at: clock.now(), ended_at: null, error_message: null },
    ]);
  });

  test('an artifact is known by its name, replaced by a newer one, and can be dropped', async () => {
    const store = await open(testClock());
    const { job, lease } = await working(store);
    const audio = { stage: 'prepare', name: 'audio', path: 'audio.wav', sha256: 'aa', bytes: 5_000_000_000 } as const;
    expect(await recordArtifact(store, job.id, lease, audio)).toBe(true);
    expect(await recordArtifact(store, job.id, lease, { ...audio, sha256: 'bb' })).toBe(true);
    expect(await listArtifacts(store, job.id)).toMatchObject([{ ...audio, sha256: 'bb' }]);
    expect(await dropArtifact(store, job.id, 'audio')).toBe(true);
    expect(await dropArtifact(store, job.id, 'audio')).toBe(false);
    expect(await listArtifacts(store, job.id)).toEqual([]);
  });
}
