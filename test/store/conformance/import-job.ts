import { expect, test } from 'vitest';
import { listArtifacts } from '../../../src/store/artifacts.ts';
import { listEvents } from '../../../src/store/events.ts';
import { jobCounts } from '../../../src/store/health.ts';
import { type ImportedJob, importJob } from '../../../src/store/import-job.ts';
import { getJob } from '../../../src/store/jobs.ts';
import { waiting } from '../../../src/store/queue.ts';
import { listStages } from '../../../src/store/stages.ts';
import type { OpenEmpty } from '../conformance.ts';
import { claim, everything, submit, testClock } from '../support.ts';

function job(formerId: number, row: Partial<ImportedJob['row']> = {}): ImportedJob {
  return {
    importedFrom: `other:${formerId}`,
    formerId,
    row: { filename: `${formerId}.flac`, status: 'completed', created_at: 1000, updated_at: 2000, ...row },
    stages: { transcribe: 'complete', diarize: 'skipped' },
    reason: 'because',
    data: { was: 'done' },
  };
}

export function importJobTests(open: OpenEmpty): void {
  test('an imported job stands here with its times, its text, its stages and its event', async () => {
    const clock = testClock();
    const store = await open(clock);
    const artifact = {
      stage: 'transcribe',
      name: 'transcript',
      path: 'transcript.json',
      sha256: 'aa',
      bytes: 3,
    } as const;
    const row = { started_at: 1100, completed_at: 1900, transcript: 'ask not', process_id: 4711 };
    expect(await importJob(store, { ...job(5, row), artifact })).toEqual({ id: 5, isNew: true });
    expect(await getJob(store, 5)).toMatchObject({
      ...row,
      status: 'completed',
      created_at: 1000,
      imported_from: 'other:5',
    });
    expect(await listArtifacts(store, 5)).toMatchObject([artifact]);
    expect(await listStages(store, 5)).toMatchObject([
      { name: 'transcribe', status: 'complete', progress: 100, started_at: 1100, ended_at: 1900 },
      { name: 'diarize', status: 'skipped' },
    ]);
    expect(await listEvents(store, { jobId: 5 })).toMatchObject([
      { type: 'submitted', to_status: 'completed', actor: 'import', reason: 'because', data: '{"was":"done"}' },
    ]);
    expect(await waiting(store)).toEqual([]);
  });

  test('one that waits can be claimed', async () => {
    const store = await open(testClock());
    await importJob(store, job(5, { status: 'pending' }));
    expect((await claim(store))?.job).toMatchObject({ id: 5, status: 'processing' });
  });

  test('the same again changes nothing', async () => {
    const store = await open(testClock());
    const { id } = await importJob(store, job(5));
    const before = await everything(store);
    expect(await importJob(store, job(5, { transcript: 'another' }))).toEqual({ id, isNew: false });
    expect(await everything(store)).toEqual(before);
  });

  test('a number is kept as long as none as high was given, and never given twice', async () => {
    const store = await open(testClock());
    expect(await submit(store)).toBe(1);
    expect(await importJob(store, job(1))).toEqual({ id: 2, isNew: true });
    expect(await importJob(store, job(40))).toEqual({ id: 40, isNew: true });
    await store.db.deleteFrom('transcription_jobs').where('id', '=', 40).execute();
    expect(await importJob(store, job(40))).toEqual({ id: 41, isNew: true });
    expect(await submit(store)).toBe(42);
  });

  test('what ran elsewhere is not counted among the jobs whose process should be known', async () => {
    const store = await open(testClock());
    await importJob(store, job(5, { started_at: 1100 }));
    expect(await jobCounts(store)).toMatchObject({ totalJobs: 1, everRan: 0, jobsWithPid: 0 });
  });
}
