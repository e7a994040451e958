/** Every two things that may be done to one job, at the same moment: what excludes each other has one winner. */
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import { canTransition, isAtRest, type JobStatus } from '../../src/domain/job.ts';
import { cancel, pause } from '../../src/jobs/control.ts';
import { deleteJob } from '../../src/jobs/delete.ts';
import { JobNotFoundError, JobStateError } from '../../src/jobs/errors.ts';
import { move, prioritise } from '../../src/jobs/priority.ts';
import { resume } from '../../src/jobs/resume.ts';
import { retry } from '../../src/jobs/retry.ts';
import { listEvents } from '../../src/store/events.ts';
import { finishJob, getJob, transition } from '../../src/store/jobs.ts';
import { openStore } from '../../src/store/open.ts';
import { claimNext } from '../../src/store/queue.ts';
import type { EventRow } from '../../src/store/schema.ts';
import type { Store } from '../../src/store/store.ts';
import { onEachDialect } from '../store/dialects.ts';
import { submit, testClock, working } from '../store/support.ts';

/** States in which a job may be found. */
const STARTS: readonly JobStatus[] = [
  'pending',
  'processing',
  'retrying',
  'paused',
  'failed',
  'cancelled',
  'completed',
];

interface Scene {
  store: Store;
  id: number;
  /** Of whoever works on it, or did so last. */
  lease: string;
  /** Another job that waits. */
  other: number;
  /** Runs that were asked to pause; their supervisor then writes it. */
  stop: (jobId: number, why: string) => boolean;
}

/** What somebody does, and whether it was done. A refusal says so, and is no other error. */
type Action = (scene: Scene) => Promise<boolean>;

const settled = () => Promise.resolve();
const removeFiles = () => Promise.resolve();
const folderOf = () => '/nonexistent';

const ACTIONS: Record<string, Action> = {
  pause: (scene) => answered(pause(scene, scene.id)),
  resume: ({ store, id }) => answered(resume(store, id)),
  cancel: (scene) => answered(cancel(scene, scene.id)),
  retry: (scene) => answered(retry({ ...scene, settled, folderOf, removeFiles }, scene.id, { fromStart: true })),
  priority: ({ store, id }) => answered(prioritise(store, id, 7)),
  move: ({ store, id, other }) => answered(move(store, id, { before: other })),
  delete: (scene) => answered(deleteJob({ ...scene, settled, removeFiles }, scene.id)),
  finish: ({ store, id, lease }) => finishJob(store, id, lease, { transcript: 'text', elapsedSeconds: 1, speed: 1 }),
  fail: ({ store, id, lease }) =>
    transition(store, id, 'failed', { leaseToken: lease, actor: 'supervisor', reason: 'It failed' }),
  claim: async ({ store, id }) => {
    const lease = { leaseToken: randomUUID(), leaseUntil: store.clock.now() + 1, node: 'here', runToken: randomUUID() };
    return (await claimNext(store, { ...lease, only: [id] })) !== undefined;
  },
};

async function answered(action: Promise<unknown>): Promise<boolean> {
  try {
    await action;
    return true;
  } catch (error) {
    if (!(error instanceof JobStateError || error instanceof JobNotFoundError)) throw error;
    // Whoever lost is told what is, and what to do.
    expect(error.message).toMatch(/^(Job \d+|There is no job) .*\.$/);
    expect(error.remedy).toBeTruthy();
    return false;
  }
}

const names = Object.keys(ACTIONS);
const pairs = names.flatMap((first, index) => names.slice(index).map((second) => [first, second] as const));

/** Which of them leads a job to its end, or out of the hands of whoever works on it. */
const ENDS = ['cancel', 'finish', 'fail'];

onEachDialect(({ newPlace }) => {
  let store: Store;

  async function newStore(): Promise<Store> {
    const opened = await openStore({ ...(await newPlace()), clock: testClock() });
    onTestFinished(() => opened.close());
    // Thousands of commits, none of which has to outlive the test.
    if (opened.dialect === 'sqlite') await sql`pragma synchronous = off`.execute(opened.db);
    return opened;
  }

  async function sceneOf(from: JobStatus): Promise<Scene> {
    const { id, lease } = await jobThatIs(store, from);
    const other = await submit(store, { priority: 3 });
    return { store, id, lease, other, stop: (_, why) => why === 'pause' || why === 'cancel' };
  }

  test('the pairs', async () => {
    store = await newStore();
    for (const [first, second] of pairs) {
      // Each step is asked for over a connection; what the others find they find on either.
      const starts = store.dialect === 'sqlite' ? STARTS : STARTS.slice(0, 2);
      for (const from of starts) {
        const scene = await sceneOf(from);
        const [a, b] = await Promise.all([(ACTIONS[first] as Action)(scene), (ACTIONS[second] as Action)(scene)]);
        const what = `${first} and ${second} of a job that is ${from}`;
        await expectSound(scene, what);
        await expectWinners(scene, { first, second, from, a, b }, what);
      }
    }
  });

  test('of cancel and finish exactly one wins, whoever is asked first, and both are told', async () => {
    store = await newStore();
    for (let round = 0; round < 20; round += 1) {
      const scene = await sceneOf('processing');
      // Whoever cancels looks at the job first; so the other one comes at different moments.
      const finish = async () => {
        for (let looks = 0; looks < round % 4; looks += 1) await getJob(store, scene.id);
        return await (ACTIONS.finish as Action)(scene);
      };
      const [cancelled, finished] = await Promise.all([(ACTIONS.cancel as Action)(scene), finish()]);
      expect(cancelled).toBe(!finished);
      const after = await getJob(store, scene.id);
      expect(after?.status).toBe(cancelled ? 'cancelled' : 'completed');
      expect(after?.transcript).toBe(cancelled ? null : 'text');
    }
  });
});

interface Outcome {
  first: string;
  second: string;
  from: JobStatus;
  a: boolean;
  b: boolean;
}

/** Of two that exclude each other one wins; what the winner said is what the rows say. */
async function expectWinners(
  { store, id }: Scene,
  { first, second, from, a, b }: Outcome,
  what: string,
): Promise<void> {
  const both = [first, second];
  const job = await getJob(store, id);
  if (both.includes('delete')) {
    // Nothing in a store keeps a job from being deleted, so it is gone, and by one of them alone.
    expect(job, what).toBeUndefined();
    if (first === second) expect([a, b].filter(Boolean).length, what).toBe(1);
    return;
  }
  if (from === 'processing' && ENDS.includes(first) && ENDS.includes(second)) {
    expect([a, b].filter(Boolean).length, what).toBe(1);
    const wanted = { cancel: 'cancelled', finish: 'completed', fail: 'failed' }[a ? first : second];
    expect(job?.status, what).toBe(wanted);
  }
  if (first === second && ['claim', 'finish', 'fail', 'cancel', 'retry'].includes(first)) {
    expect([a, b].filter(Boolean).length, what).toBeLessThan(2);
  }
  // Somebody who was told that it is done is not undone by somebody who was refused.
  const last = both[a === b ? -1 : a ? 0 : 1];
  if (last === 'cancel') expect(job?.status, what).toBe('cancelled');
  if (last === 'priority') expect(job?.priority, what).toBe(7);
}

/** The state is legal, the queue's row is as the state says, and the events tell how it came to it. */
async function expectSound({ store, id }: Scene, what: string): Promise<void> {
  const job = await getJob(store, id);
  const queue = await store.db.selectFrom('transcription_queue').selectAll().where('job_id', '=', id).execute();
  const events = await listEvents(store, { jobId: id });
  const status = replay(events, what);
  if (!job) {
    expect(queue, what).toEqual([]);
    expect(events.filter(({ type }) => type === 'deleted').length, what).toBe(1);
    return;
  }
  expect(status, what).toBe(job.status);
  expect(queue.length, what).toBe(isAtRest(job.status) ? 0 : 1);
  for (const row of queue) {
    expect(row.started_at === null, what).toBe(job.status === 'pending');
    expect(row.priority, what).toBe(job.priority);
  }
  expect(job.lease_token !== null, what).toBe(job.status === 'processing');
  const changes = events.filter(({ type }) => type === 'changed').map(({ data }) => JSON.parse(data as string));
  const told = changes.findLast(({ what: kind }) => kind === 'priority' || kind === 'place');
  if (told) expect(told.to.priority ?? told.to, what).toBe(job.priority);
}

function replay(events: readonly EventRow[], what: string): JobStatus | null {
  let status: JobStatus | null = null;
  for (const { from_status, to_status, type } of events) {
    if (type === 'changed') continue;
    expect(from_status, what).toBe(status);
    if (type === 'deleted') continue;
    if (status !== null) expect(canTransition(status, to_status as JobStatus), what).toBe(true);
    status = to_status;
  }
  return status;
}

async function jobThatIs(store: Store, status: JobStatus): Promise<{ id: number; lease: string }> {
  if (status === 'pending') return { id: await submit(store), lease: 'never given' };
  const { job, lease } = await working(store);
  if (status === 'processing') return { id: job.id, lease };
  const how = { leaseToken: lease, actor: 'supervisor', reason: 'test' };
  if (status === 'completed') await finishJob(store, job.id, lease, { transcript: '', elapsedSeconds: 1, speed: 1 });
  else {
    const set = status === 'paused' ? { paused_by: 'quiet hours' } : {};
    await transition(store, job.id, status, { ...how, set, notBefore: store.clock.now() + 1000 });
  }
  return { id: job.id, lease };
}
