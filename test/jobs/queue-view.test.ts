import { describe, expect, test } from 'vitest';
import { parseQuietHours } from '../../src/domain/quiet-hours.ts';
import { pocketsphinx } from '../../src/engines/pocketsphinx.ts';
import { START_SECONDS } from '../../src/jobs/estimates.ts';
import { listViews } from '../../src/jobs/list.ts';
import { queueView, timesOf } from '../../src/jobs/queue-view.ts';
import { detailsOf } from '../../src/jobs/view.ts';
import { transition, updateHeartbeat } from '../../src/store/jobs.ts';
import { pauseQueue } from '../../src/store/queue-state.ts';
import { claim, submit, working } from '../store/support.ts';
import { emptyQueue, type QueueUnderTest } from './queue-contexts.ts';

const WORK = { engine: 'pocketsphinx', model: 'en-us', processes: 2, workers: 1 };
const FACTOR = pocketsphinx.seedRealtimeFactor('en-us', 2);
const HOW = { actor: 'test', reason: 'test' };

/** Seconds that a recording of so many minutes takes, by the guess. */
const workFor = (minutes: number) => START_SECONDS + minutes * 60 * FACTOR;

/** ISO 8601, so many seconds from now. */
function inSeconds({ clock }: QueueUnderTest, seconds: number): string {
  return new Date(clock.now() + seconds * 1000).toISOString();
}

async function recordings(queue: QueueUnderTest, ...minutes: number[]): Promise<number[]> {
  const ids: number[] = [];
  for (const durationMinutes of minutes) {
    ids.push(await submit(queue.store, { ...WORK, durationMinutes, filename: `${durationMinutes}.flac` }));
    queue.clock.advance(1);
  }
  return ids;
}

test('an empty queue has nothing to wait for', async () => {
  expect(await queueView(await emptyQueue())).toEqual({
    ...{ paused: null, opensAt: null, endsAt: null, endsInSeconds: null, total: 0 },
    ...{ running: [], waiting: [] },
  });
});

test('one after the other: each starts when the one before it is done, and the queue ends with the last', async () => {
  const queue = await emptyQueue();
  const [first, second] = await recordings(queue, 10, 20);
  const view = await queueView(queue);
  expect(view).toMatchObject({ total: 2, endsAt: inSeconds(queue, workFor(10) + workFor(20)) });
  expect(view.endsInSeconds).toBeCloseTo(workFor(10) + workFor(20), 6);
  const same = { priority: 0, status: 'pending', why: null };
  expect(view.waiting).toEqual([
    {
      id: first,
      filename: '10.flac',
      position: 1,
      startsAt: inSeconds(queue, 0),
      endsAt: inSeconds(queue, workFor(10)),
      ...same,
    },
    {
      ...{ id: second, filename: '20.flac', position: 2, ...same },
      startsAt: inSeconds(queue, workFor(10)),
      endsAt: inSeconds(queue, workFor(10) + workFor(20)),
    },
  ]);
});

test('a job in work is told as its runner tells it, and those that wait start when it is done', async () => {
  const live = { percent: 50, stage: 'Processing audio segments...', chunk: 3, chunks: 12, speed: 4, secondsLeft: 90 };
  const queue = await emptyQueue({ progressOf: () => live });
  const { job } = await working(queue.store, { ...WORK, durationMinutes: 10 });
  const [next] = await recordings(queue, 10);
  const view = await queueView(queue);
  expect(view.running).toEqual([
    {
      ...{ id: job.id, filename: 'interview.flac', progress: 50, stage: live.stage, speed: 4, chunk: 3, chunks: 12 },
      ...{ run: 1, secondsLeft: 90, endsAt: inSeconds(queue, 90) },
    },
  ]);
  expect(view.waiting).toMatchObject([{ id: next, startsAt: inSeconds(queue, 90) }]);
});

test('a job that goes on after its run ended is told with the number of the run', async () => {
  const queue = await emptyQueue();
  const { job, lease } = await working(queue.store, WORK);
  await transition(queue.store, job.id, 'pending', { ...HOW, leaseToken: lease });
  await claim(queue.store, [job.id]);
  expect((await queueView(queue)).running).toMatchObject([{ id: job.id, run: 2 }]);
});

test('two at once on the same cores take twice as long, which the runners know already', async () => {
  const left = new Map<number, number>();
  const queue = await emptyQueue({
    maxConcurrent: 2,
    progressOf: (id) => ({ percent: 50, stage: 's', secondsLeft: left.get(id)! }),
  });
  const ids = [await working(queue.store, WORK), await working(queue.store, WORK)].map(({ job }) => job.id);
  for (const id of ids) left.set(id, 100);
  expect((await queueView(queue)).endsInSeconds).toBeCloseTo(100, 6);
  left.set(ids[0]!, 20);
  // 20 s side by side, then the rest of the other alone, which is twice as fast.
  const view = await queueView(queue);
  expect(view.endsInSeconds).toBeCloseTo(20 + 80 / 2, 6);
  expect(view.running.map(({ secondsLeft }) => secondsLeft)).toEqual([20, 60]);
});

test('what an earlier run of a job has done is not to be done again', async () => {
  const queue = await emptyQueue();
  const { job, lease } = await working(queue.store, { ...WORK, durationMinutes: 10 });
  await transition(queue.store, job.id, 'pending', { ...HOW, leaseToken: lease, set: { progress: 70 } });
  expect((await queueView(queue)).endsInSeconds).toBeCloseTo(START_SECONDS + 600 * FACTOR * 0.25, 6);
});

describe('nobody knows', () => {
  test('how long one takes: as long as the others on average', async () => {
    const queue = await emptyQueue();
    await recordings(queue, 10, 20, 0);
    expect((await queueView(queue)).endsInSeconds).toBeCloseTo(1.5 * (workFor(10) + workFor(20)), 6);
  });

  test('how long any takes: then nothing is said', async () => {
    const queue = await emptyQueue();
    await recordings(queue, 0, 0);
    expect(await queueView(queue)).toMatchObject({
      ...{ endsAt: null, endsInSeconds: null, total: 2 },
      waiting: [
        { position: 1, startsAt: null, endsAt: null },
        { position: 2, startsAt: null, endsAt: null },
      ],
    });
  });

  test('when a job starts that nobody has asked for', async () => {
    const asked: number[] = [];
    const queue = await emptyQueue({ wanted: () => asked });
    const [left, wanted] = await recordings(queue, 10, 10);
    asked.push(wanted!);
    const why = `Nobody has asked for it. Go on with: longhand resume ${left}`;
    expect((await queueView(queue)).waiting).toMatchObject([
      { id: left, position: 1, startsAt: null, endsAt: null, why },
      { id: wanted, position: 2, startsAt: inSeconds(queue, 0), why: null },
    ]);
  });
});

describe('a paused queue', () => {
  test('says by whom, why and since when, and nothing of when it goes on', async () => {
    const queue = await emptyQueue({ whyWaiting: () => 'another reason' });
    await recordings(queue, 10);
    await pauseQueue(queue.store, { by: 'user', actor: 'user', reason: 'the machine is needed' });
    const why = 'The queue is paused: the machine is needed.';
    expect(await queueView(queue)).toMatchObject({
      paused: { by: 'user', reason: 'the machine is needed', since: inSeconds(queue, 0) },
      ...{ endsAt: null, endsInSeconds: null, waiting: [{ startsAt: null, endsAt: null, why }] },
    });
  });

  test('still tells when the jobs are done that run', async () => {
    const queue = await emptyQueue({ progressOf: () => ({ percent: 50, stage: 's', secondsLeft: 60 }) });
    await working(queue.store, WORK);
    await pauseQueue(queue.store, { by: 'disk', actor: 'owner' });
    expect((await queueView(queue)).running).toMatchObject([{ secondsLeft: 60, endsAt: inSeconds(queue, 60) }]);
  });
});

describe('quiet hours', () => {
  // The clock of the tests begins at midnight UTC.
  test('over: jobs start when they begin again', async () => {
    const queue = await emptyQueue({ quietHours: parseQuietHours('02:00-03:00', 'UTC') });
    const [id] = await recordings(queue, 10);
    const opens = '2026-01-01T02:00:00.000Z';
    const view = await queueView(queue);
    expect(view.opensAt).toBe(opens);
    expect(view.waiting).toMatchObject([{ id, startsAt: opens, why: 'The hours for work begin at 02:00.' }]);
    expect(Date.parse(view.endsAt!)).toBeCloseTo(Date.parse(opens) + workFor(10) * 1000, -1);
  });

  test('too short: the rest is done in the next ones', async () => {
    const queue = await emptyQueue({ quietHours: parseQuietHours('00:00-00:02', 'UTC') });
    queue.clock.advance(-queue.clock.now() + Date.UTC(2026, 0, 1));
    await submit(queue.store, { ...WORK, durationMinutes: 20 });
    const { opensAt, endsInSeconds } = await queueView(queue);
    expect(opensAt).toBeNull();
    expect(endsInSeconds).toBeCloseTo(24 * 3600 + workFor(20) - 120, 6);
  });
});

describe('positions', () => {
  test('are those of the claims; what comes back by itself comes last and says when and why', async () => {
    const queue = await emptyQueue({
      timeZone: 'Asia/Bangkok',
      whyWaiting: (id) => (id === 2 ? 'It needs 9 GB of memory.' : undefined),
    });
    const { store, clock } = queue;
    const [first, second] = await recordings(queue, 10, 10);
    const urgent = await submit(store, { ...WORK, priority: 1, durationMinutes: 10 });
    const failed = await working(store, { ...WORK, priority: 9, durationMinutes: 10 });
    const notBefore = clock.now() + 3 * 3600_000;
    await transition(store, failed.job.id, 'retrying', { ...HOW, leaseToken: failed.lease, notBefore });
    const { waiting, total } = await queueView(queue);
    expect(total).toBe(4);
    expect(waiting).toMatchObject([
      { id: urgent, position: 1, priority: 1, why: null },
      { id: first, position: 2, why: null },
      { id: second, position: 3, why: 'It needs 9 GB of memory.' },
      { id: failed.job.id, status: 'retrying', position: 4, startsAt: new Date(notBefore).toISOString() },
    ]);
    expect(waiting[3]!.why).toBe('It is tried again at 10:00, after an error.');
    expect(waiting[3]!.endsAt).toBe(new Date(notBefore + workFor(10) * 1000).toISOString());
  });

  test('of a long queue: the head one by one, the rest in the end of the queue', async () => {
    const queue = await emptyQueue();
    await recordings(queue, 10, 20, 30, 0, 40);
    const all = await queueView(queue);
    const head = await queueView(queue, { limit: 2 });
    expect(head.total).toBe(5);
    expect(head.waiting).toEqual(all.waiting.slice(0, 2));
    expect(head.endsInSeconds).toBeCloseTo(all.endsInSeconds!, 6);
  });
});

test('a list of jobs tells of those at work what their runners say, and never less than was said before', async () => {
  const live = { percent: 60, stage: 's', speed: 3, secondsLeft: 30 };
  const queue = await emptyQueue({ progressOf: (id) => (id === 1 ? live : undefined) });
  const { job, lease } = await working(queue.store);
  const [next] = await recordings(queue, 10);
  expect((await listViews(queue, {}, { limit: 9 })).jobs).toMatchObject([
    { id: next, position: 1, secondsLeft: null, progress: 0 },
    { id: job.id, position: null, secondsLeft: 30, progress: 60, speed: 3, stage: 's' },
  ]);
  await updateHeartbeat(queue.store, job.id, { leaseToken: lease, leaseUntil: 1, progress: 70 });
  expect((await listViews(queue, {}, { limit: 9 })).jobs).toMatchObject([{}, { progress: 70 }]);
});

describe('a single job', () => {
  test('is told when it starts and ends, or how long it still takes; one at rest is told nothing', async () => {
    const queue = await emptyQueue({
      progressOf: (id) => (id === 1 ? { percent: 60, stage: 's', speed: 3, secondsLeft: 30 } : undefined),
    });
    const { job } = await working(queue.store, { ...WORK, durationMinutes: 10 });
    const [next, later] = await recordings(queue, 10, 10);
    await transition(queue.store, later!, 'cancelled', HOW);
    expect(await detailsOf(queue, job.id)).toMatchObject({
      ...{
        secondsLeft: 30,
        endsAt: inSeconds(queue, 30),
        startsAt: null,
        position: null,
        progress: 60,
        speed: 3,
        stage: 's',
      },
    });
    expect(await detailsOf(queue, next!)).toMatchObject({
      ...{ secondsLeft: null, startsAt: inSeconds(queue, 30), endsAt: inSeconds(queue, 30 + workFor(10)), position: 1 },
    });
    expect(await timesOf(queue, { id: later!, status: 'cancelled' })).toEqual({
      ...{ secondsLeft: null, startsAt: null, endsAt: null, why: null },
    });
  });
});
