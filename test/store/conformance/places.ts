import fc from 'fast-check';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { listEvents } from '../../../src/store/events.ts';
import { getJob, transition } from '../../../src/store/jobs.ts';
import { placeJob, type Target } from '../../../src/store/places.ts';
import { positionOf, positionsOf } from '../../../src/store/positions.ts';
import { setPriority } from '../../../src/store/priority.ts';
import { waiting } from '../../../src/store/queue.ts';
import type { Store } from '../../../src/store/store.ts';
import type { OpenEmpty } from '../conformance.ts';
import { claim, everything, submit, type TestClock, testClock, working } from '../support.ts';

const BY = { actor: 'user' };

async function order(store: Store): Promise<number[]> {
  return (await waiting(store)).map(({ job_id }) => job_id);
}

export function placeTests(open: OpenEmpty): void {
  test('whoever moves what where, the queue is that of a plain array', async () => {
    const clock = testClock();
    const store = await open(clock);
    if (store.dialect === 'sqlite') await sql`pragma synchronous = off`.execute(store.db);
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { minLength: 1, maxLength: 30, size: 'max' }), async (steps) => {
        await store.db.deleteFrom('transcription_jobs').execute();
        const model: Model = [];
        for (const step of steps) {
          await play(store, clock, model, step);
          expect(await order(store)).toEqual(model.map(({ id }) => id));
        }
        expect(
          [
            ...(await positionsOf(
              store,
              model.map(({ id }) => id),
            )),
          ].sort((a, b) => a[1] - b[1]),
        ).toEqual(model.map(({ id }, index) => [id, index + 1]));
      }),
      { numRuns: store.dialect === 'sqlite' ? 100 : 15 },
    );
  });

  test('where two neighbours leave nothing between them the places are given anew', async () => {
    const store = await open(testClock());
    const ids: number[] = [];
    for (let n = 0; n < 4; n += 1) ids.push(await submit(store));
    const [a, b, c, d] = ids as [number, number, number, number];
    // As many times as a double can be halved, and then some.
    for (let n = 0; n < 80; n += 1) await placeJob(store, n % 2 === 0 ? a : b, { before: d }, BY);
    expect(await order(store)).toEqual([c, a, b, d]);
    const late = await submit(store);
    expect(await order(store)).toEqual([c, a, b, d, late]);
  });

  test('a move takes over the priority, in both rows, and tells from where to where', async () => {
    const store = await open(testClock());
    const [plain, urgent] = [await submit(store), await submit(store, { priority: 9 })];
    expect(await placeJob(store, plain, { before: urgent }, BY)).toEqual({
      done: true,
      from: { position: 2, priority: 0 },
      to: { position: 1, priority: 9 },
    });
    expect(await getJob(store, plain)).toMatchObject({ priority: 9 });
    const event = (await listEvents(store, { jobId: plain })).at(-1);
    expect(event).toMatchObject({ type: 'changed', actor: 'user', reason: `Moved before job ${urgent}` });
    expect(JSON.parse(event?.data as string)).toEqual({
      what: 'place',
      from: { position: 2, priority: 0 },
      to: { position: 1, priority: 9 },
    });
  });

  test('what stands there already, does not wait or is not there changes nothing', async () => {
    const store = await open(testClock());
    const { job: running } = await working(store);
    const [first, last] = [await submit(store), await submit(store)];
    const before = await everything(store);
    const there = { done: true, from: { position: 1, priority: 0 }, to: { position: 1, priority: 0 } };
    expect(await placeJob(store, first, 'first', BY)).toEqual(there);
    expect(await placeJob(store, first, { before: last }, BY)).toEqual(there);
    expect(await placeJob(store, running.id, 'first', BY)).toEqual({ done: false, notWaiting: running.id });
    expect(await placeJob(store, first, { before: running.id }, BY)).toEqual({ done: false, notWaiting: running.id });
    expect(await placeJob(store, 999, 'last', BY)).toEqual({ done: false, notWaiting: 999 });
    expect(await everything(store)).toEqual(before);
  });

  test('a job that comes back from work stands before those that were moved behind it', async () => {
    const clock = testClock();
    const store = await open(clock);
    const { job } = await working(store);
    const ids = [await submit(store), await submit(store), await submit(store)];
    for (const id of [...ids, ...ids]) await placeJob(store, id, 'last', BY);
    await transition(store, job.id, 'pending', { actor: 'owner', reason: 'Restart' });
    expect(await order(store)).toEqual([job.id, ...ids]);
  });

  test('a priority is kept by a job that does not wait, for when it does', async () => {
    const clock = testClock();
    const store = await open(clock);
    const { job } = await working(store);
    const waits = await submit(store);
    expect(await setPriority(store, job.id, -3, BY)).toEqual({ status: 'processing', from: 0, to: -3 });
    expect(await setPriority(store, job.id, -3, BY)).toEqual({ status: 'processing', from: -3, to: -3 });
    expect((await listEvents(store, { jobId: job.id })).length).toBe(3);
    expect(await setPriority(store, 999, 1, BY)).toBeUndefined();
    await transition(store, job.id, 'pending', { actor: 'owner', reason: 'Restart' });
    expect(await order(store)).toEqual([waits, job.id]);
    await transition(store, waits, 'paused', { actor: 'user', reason: 'Paused' });
    await setPriority(store, waits, -9, BY);
    await transition(store, waits, 'pending', { actor: 'user', reason: 'Resumed' });
    expect(await order(store)).toEqual([job.id, waits]);
    expect([await positionOf(store, job.id), await positionOf(store, waits)]).toEqual([1, 2]);
    expect((await claim(store))?.job.id).toBe(job.id);
    expect(await positionOf(store, job.id)).toBeUndefined();
  });
}

/** The waiting jobs in their order. */
type Model = { id: number; priority: number }[];

type Step =
  | { do: 'submit'; priority: number; later: boolean }
  | { do: 'place'; job: number; target: 'first' | 'last' | 'before'; other: number }
  | { do: 'leave'; job: number };

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('submit'), priority: fc.integer({ min: -1, max: 1 }), later: fc.boolean() }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('place'),
      job: fc.nat(20),
      target: fc.constantFrom('first', 'last', 'before', 'before'),
      other: fc.nat(20),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('leave'), job: fc.nat(20) }) },
);

async function play(store: Store, clock: TestClock, model: Model, step: Step): Promise<void> {
  if (step.do === 'submit') {
    if (step.later) clock.advance(1);
    const { priority } = step;
    const behind = model.findIndex((job) => job.priority < priority);
    const id = await submit(store, { priority });
    model.splice(behind === -1 ? model.length : behind, 0, { id, priority });
    return;
  }
  const job = model[step.job % model.length];
  if (!job) return;
  if (step.do === 'leave') {
    await transition(store, job.id, 'cancelled', { actor: 'user', reason: 'Not needed' });
    model.splice(model.indexOf(job), 1);
    return;
  }
  const other = model[step.other % model.length] as Model[number];
  if (step.target === 'before' && other === job) return;
  const target: Target = step.target === 'before' ? { before: other.id } : step.target;
  expect(await placeJob(store, job.id, target, BY)).toMatchObject({ done: true });
  moveInModel(model, job, step.target, other);
}

function moveInModel(model: Model, job: Model[number], target: string, other: Model[number]): void {
  const from = model.indexOf(job);
  const there = target === 'first' ? from === 0 : target === 'last' && from === model.length - 1;
  if (there) return;
  model.splice(from, 1);
  const to = target === 'first' ? 0 : target === 'last' ? model.length : model.indexOf(other);
  const neighbour = target === 'last' ? model.at(-1) : model[to];
  if (neighbour) job.priority = neighbour.priority;
  model.splice(to, 0, job);
}
