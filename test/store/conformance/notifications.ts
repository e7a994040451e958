import { expect, test } from 'vitest';
import type { Notification } from '../../../src/domain/notification.ts';
import { finishJob, getJob, insertJob, transition } from '../../../src/store/jobs.ts';
import {
  dueDeliveries,
  forgetDeliveries,
  listDeliveries,
  nextDueAt,
  noteTry,
} from '../../../src/store/notification-deliveries.ts';
import {
  deleteTarget,
  getTarget,
  insertTarget,
  keepSettingsTargets,
  listTargets,
  type NewTarget,
  updateTarget,
} from '../../../src/store/notification-targets.ts';
import { removeJob } from '../../../src/store/remove-job.ts';
import type { Store } from '../../../src/store/store.ts';
import type { OpenEmpty } from '../conformance.ts';
import { submit, testClock, working } from '../support.ts';

const ALL: NewTarget = {
  kind: 'webhook',
  address: 'https://example.org:8443/hook',
  secret: 'sixteen letters!',
  events: ['completed', 'failed', 'queue_empty'],
};

const DONE = { transcript: 'what can be said', elapsedSeconds: 12, speed: 3 };

/** What is in the outbox, in the order in which it came. */
async function outbox(store: Store): Promise<Notification[]> {
  const due = await dueDeliveries(store, { except: [], limit: 1000 });
  return due.sort((a, b) => a.id - b.id).map(({ payload }) => JSON.parse(payload) as Notification);
}

export function notificationTests(open: OpenEmpty): void {
  test('the end of a job is in the outbox with the end itself, and not without it', async () => {
    const store = await open(testClock());
    await insertTarget(store, ALL, null);
    const { job, lease } = await working(store, { filename: 'ถาม "ß".flac' });
    await submit(store);
    expect(await finishJob(store, job.id, 'another lease', DONE)).toBe(false);
    const broken = transition(store, job.id, 'failed', {
      ...{ leaseToken: lease, actor: 'supervisor', reason: 'x' },
      also: () => Promise.reject(new Error('in the middle')),
    });
    await expect(broken).rejects.toThrow('in the middle');
    expect(await outbox(store)).toEqual([]);
    expect(await finishJob(store, job.id, lease, DONE)).toBe(true);
    const [told, ...more] = await outbox(store);
    expect(more).toEqual([]);
    expect(told).toMatchObject({
      type: 'job.completed',
      createdAt: new Date(store.clock.now()).toISOString(),
      job: { id: job.id, filename: 'ถาม "ß".flac', status: 'completed', elapsedSeconds: 12, error: null },
    });
    expect(JSON.stringify(told)).not.toContain('what can be said');
  });

  test('a failure says why; a pause, a retry and a cancellation of one of several say nothing', async () => {
    const store = await open(testClock());
    await insertTarget(store, ALL, null);
    await submit(store);
    const how = { actor: 'user', reason: 'because' };
    const paused = await submit(store);
    await transition(store, paused, 'paused', how);
    await transition(store, paused, 'cancelled', how);
    const { job, lease } = await working(store);
    await transition(store, job.id, 'retrying', { ...how, leaseToken: lease });
    await transition(store, job.id, 'failed', { ...how, set: { error_kind: 'input', error_message: 'No sound.' } });
    expect(await outbox(store)).toMatchObject([
      { type: 'job.failed', job: { status: 'failed', error: { kind: 'input', message: 'No sound.', remedy: null } } },
    ]);
  });

  test('that the queue is empty is told once, by the last of jobs that end at the same moment', async () => {
    const store = await open(testClock());
    await insertTarget(store, { ...ALL, events: ['queue_empty'] }, null);
    const jobs = [await working(store), await working(store), await working(store)];
    await Promise.all(jobs.map(({ job, lease }) => finishJob(store, job.id, lease, DONE)));
    expect(await outbox(store)).toMatchObject([{ type: 'queue.empty', job: null }]);
  });

  test('each is told what is meant for it: its events, its jobs, its job', async () => {
    const store = await open(testClock());
    const failures = await insertTarget(store, { ...ALL, events: ['failed'] }, null);
    const ofAnn = await insertTarget(store, ALL, 'ann');
    await updateTarget(store, (await getTarget(store, await insertTarget(store, ALL, null), null))!, {
      enabled: false,
    });
    const job = {
      filename: 'a.flac',
      actor: 'user',
      userId: 'ben',
      notify: [{ ...ALL, events: ['completed' as const] }],
    };
    const id = await insertJob(store, job);
    const { lease_token } = (await working(store, { userId: 'ann' })).job;
    await submit(store);
    expect(await listTargets(store, null)).toHaveLength(3);
    expect((await listTargets(store, 'ann')).map((target) => target.id)).toEqual([ofAnn]);
    expect(await getTarget(store, failures, 'ann')).toBeUndefined();
    const [mine] = await listJobIds(store, 'ann');
    await finishJob(store, mine!, lease_token!, DONE);
    expect((await listDeliveries(store, { whose: null, limit: 9 })).map((row) => row.target_id)).toEqual([ofAnn]);
    await transition(store, id, 'failed', { actor: 'scheduler', reason: 'x' });
    expect((await listDeliveries(store, { whose: null, limit: 9 })).map((row) => row.target_id)).toEqual([
      failures,
      ofAnn,
    ]);
    expect(await listDeliveries(store, { whose: 'ann', limit: 9 })).toHaveLength(1);
    await removeJob(store, id, { actor: 'user' });
    expect(await getJob(store, id)).toBeUndefined();
    expect(
      await store.db.selectFrom('notification_targets').selectAll().where('job_id', 'is not', null).execute(),
    ).toEqual([]);
  });

  test('a secret is read to sign, and never with a target', async () => {
    const store = await open(testClock());
    const id = await insertTarget(store, ALL, null);
    expect(JSON.stringify(await listTargets(store, null))).not.toContain(ALL.secret);
    expect(await getTarget(store, id, null)).toMatchObject({ signed: true, destination: 'https://example.org:8443' });
    expect(await deleteTarget(store, id)).toBe(true);
    expect(await deleteTarget(store, id)).toBe(false);
  });

  test('a delivery ends once, and is forgotten in time', async () => {
    const clock = testClock();
    const store = await open(clock);
    await insertTarget(store, ALL, null);
    const { job, lease } = await working(store);
    await submit(store);
    await finishJob(store, job.id, lease, DONE);
    const [due] = await dueDeliveries(store, { except: [], limit: 9 });
    expect(due).toMatchObject({ secret: ALL.secret, tries: 0 });
    expect(await dueDeliveries(store, { except: [due!.destination], limit: 9 })).toEqual([]);
    const later = clock.now() + 10_000;
    expect(await noteTry(store, due!.id, { delivered: false, httpStatus: 500, error: 'No.', nextAt: later })).toBe(
      true,
    );
    expect(await dueDeliveries(store, { except: [], limit: 9 })).toEqual([]);
    expect(await nextDueAt(store, [])).toBe(later);
    clock.advance(10_000);
    expect(await noteTry(store, due!.id, { delivered: true, httpStatus: 204 })).toBe(true);
    expect(await noteTry(store, due!.id, { delivered: false })).toBe(false);
    expect(await listDeliveries(store, { whose: null, limit: 9 })).toMatchObject([
      { status: 'delivered', tries: 2, http_status: 204, error: null, ended_at: clock.now() },
    ]);
    expect(await forgetDeliveries(store, clock.now())).toBe(0);
    expect(await forgetDeliveries(store, clock.now() + 1)).toBe(1);
  });

  test('those of the settings follow the settings, and nobody else changes them', async () => {
    const store = await open(testClock());
    await keepSettingsTargets(store, ['a@example.org', 'b@example.org'], ['failed']);
    await keepSettingsTargets(store, ['b@example.org', 'c@example.org'], ['failed']);
    const targets = await listTargets(store, null);
    expect(targets.map(({ address, origin }) => [address, origin])).toEqual([
      ['b@example.org', 'settings'],
      ['c@example.org', 'settings'],
    ]);
    expect(await deleteTarget(store, targets[0]!.id)).toBe(false);
    expect(await updateTarget(store, targets[0]!, { enabled: false })).toBe(false);
    await keepSettingsTargets(store, [], ['failed']);
    expect(await listTargets(store, null)).toEqual([]);
  });
}

async function listJobIds(store: Store, userId: string): Promise<number[]> {
  const rows = await store.db.selectFrom('transcription_jobs').select('id').where('user_id', '=', userId).execute();
  return rows.map(({ id }) => id);
}
