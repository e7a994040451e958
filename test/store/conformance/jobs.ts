import { expect, test } from 'vitest';
import type { JobStatus } from '../../../src/domain/job.ts';
import { listEvents } from '../../../src/store/events.ts';
import { listPage } from '../../../src/store/job-list.ts';
import { getJob, JobExistsError, transition } from '../../../src/store/jobs.ts';
import { waiting } from '../../../src/store/queue.ts';
import { listStages } from '../../../src/store/stages.ts';
import type { OpenEmpty } from '../conformance.ts';
import { everything, submit, testClock } from '../support.ts';

export function jobTests(open: OpenEmpty): void {
  test('a submitted job waits, with its stages and its event', async () => {
    const clock = testClock();
    const store = await open(clock);
    const id = await submit(store, {
      filename: '--สัมภาษณ์ "ß"\n../🎙.flac',
      parameters: { model: 'auto', formats: ['srt'] },
      stages: { prepare: 'not_started', transcribe: 'not_started', diarize: 'skipped' },
      sourceBytes: 6_000_000_000,
      priority: 3,
    });
    expect(await getJob(store, id)).toMatchObject({
      id,
      filename: '--สัมภาษณ์ "ß"\n../🎙.flac',
      status: 'pending',
      model: 'medium',
      processes: 2,
      workers: 8,
      progress: 0,
      progress_stage: 'pending',
      duration_minutes: 0,
      retry_count: 0,
      source_bytes: 6_000_000_000,
      parameters: '{"model":"auto","formats":["srt"]}',
      created_at: clock.now(),
      process_id: null,
    });
    expect(await waiting(store)).toEqual([
      { job_id: id, position: 1, priority: 3, created_at: clock.now(), not_before: 0 },
    ]);
    expect((await listStages(store, id)).map(({ name, status }) => [name, status])).toEqual([
      ['prepare', 'not_started'],
      ['transcribe', 'not_started'],
      ['diarize', 'skipped'],
    ]);
    expect(await listEvents(store, { jobId: id })).toMatchObject([
      { type: 'submitted', from_status: null, to_status: 'pending', actor: 'user', at: clock.now() },
    ]);
  });

  test('a job that cannot be written whole is not written at all', async () => {
    const store = await open(testClock());
    const twice = { filename: 'a.flac', stages: { prepare: null as unknown as 'skipped' } };
    await expect(submit(store, twice)).rejects.toThrow();
    expect(Object.values(await everything(store)).flat()).toEqual([]);
  });

  test('a job can bring its own id, and the next one counts on from there', async () => {
    const store = await open(testClock());
    const first = await submit(store);
    expect(await submit(store, { id: 4_000_000_000, filename: 'mine.flac' })).toBe(4_000_000_000);
    expect(await getJob(store, 4_000_000_000)).toMatchObject({ filename: 'mine.flac', status: 'pending' });
    expect((await waiting(store)).map(({ job_id }) => job_id)).toEqual([first, 4_000_000_000]);
    expect(await submit(store)).toBe(4_000_000_001);
  });

  test('an id that is taken is refused by name, and nothing is written', async () => {
    const store = await open(testClock());
    const id = await submit(store, { stages: { prepare: 'not_started' } });
    const before = await everything(store);
    const again = submit(store, { id, filename: 'other.flac', stages: { prepare: 'skipped' } });
    await expect(again).rejects.toThrow(JobExistsError);
    await expect(again).rejects.toMatchObject({ id, kind: 'usage', message: `There is a job ${id} already.` });
    expect(await everything(store)).toEqual(before);
    expect(await submit(store)).toBe(id + 1);
  });

  test('of many who bring the same id one is taken', async () => {
    const store = await open(testClock());
    const asked = await Promise.allSettled(Array.from({ length: 8 }, () => submit(store, { id: 12 })));
    expect(asked.filter(({ status }) => status === 'fulfilled').length).toBe(1);
    expect((await listEvents(store, { jobId: 12 })).length).toBe(1);
  });

  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('%s is no id', async (id) => {
    const store = await open(testClock());
    await expect(submit(store, { id })).rejects.toMatchObject({
      kind: 'usage',
      message: `${id} cannot be the id of a job.`,
    });
    expect(Object.values(await everything(store)).flat()).toEqual([]);
  });

  test('an unknown job is undefined', async () => {
    const store = await open(testClock());
    expect(await getJob(store, 77)).toBeUndefined();
  });

  test('pages of jobs, newest first, show each job once, also where times are equal', async () => {
    const clock = testClock();
    const store = await open(clock);
    const ids: number[] = [];
    for (let n = 0; n < 11; n++) {
      ids.push(await submit(store));
      if (n % 3 === 0) clock.advance(1);
    }
    const seen: number[] = [];
    let page = await listPage(store, {}, { sort: 'newest', limit: 4 });
    seen.push(...page.jobs.map(({ id }) => id));
    while (page.next) {
      page = await listPage(store, {}, { sort: 'newest', limit: 4, mark: page.next });
      seen.push(...page.jobs.map(({ id }) => id));
    }
    expect(seen).toEqual(ids.reverse());
  });

  test('a list can be of one status, and leaves the texts out', async () => {
    const store = await open(testClock());
    const [first, second] = [await submit(store), await submit(store)];
    await transition(store, first, 'cancelled', { actor: 'user', reason: 'Not needed' });
    const idsOf = async (status: JobStatus) =>
      (await listPage(store, { status: [status] }, { sort: 'newest', limit: 9 })).jobs.map(({ id }) => id);
    expect(await idsOf('pending')).toEqual([second]);
    expect(await idsOf('cancelled')).toEqual([first]);
    const { jobs } = await listPage(store, {}, { sort: 'newest', limit: 1 });
    const { transcript, ...rest } = (await getJob(store, second))!;
    expect(transcript).toBeNull();
    expect(jobs).toEqual([rest]);
  });

  test('events can be read on from where a reader stopped', async () => {
    const store = await open(testClock());
    const ids = [await submit(store), await submit(store), await submit(store)];
    const [first] = await listEvents(store, { limit: 1 });
    const rest = await listEvents(store, { after: first!.id });
    expect([first!, ...rest].map(({ job_id }) => job_id)).toEqual(ids);
  });
}
