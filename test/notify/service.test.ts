/** Notifications from end to end: a real owner, its API, real receivers. */
import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ApiClient } from '../../src/api/client.ts';
import { socketPathFor } from '../../src/api/socket-path.ts';
import type { Notification } from '../../src/domain/notification.ts';
import type { DeliveryView, TargetView } from '../../src/jobs/notifications.ts';
import type { Submission } from '../../src/jobs/submission.ts';
import type { Submitted } from '../../src/jobs/submit.ts';
import { ownerUnderTest } from '../supervisor/owners.ts';
import { Home } from '../support/cli.ts';
import { scratchPath } from '../support/scratch.ts';
import { mailbox, receiver } from './receivers.ts';

const SECRET = 'sixteen letters!';
const TARGETS = '/api/notifications/targets';

/** A wish that fails as soon as it is looked at. */
function hopeless(name: string): Submission {
  const path = scratchPath(name);
  writeFileSync(path, 'These are notes and no sound.\n');
  const rest = { model: 'auto', language: 'en', processes: 1, workers: 1, preprocessWorkers: 1, overlapSeconds: 0 };
  return { path, engine: 'pocketsphinx', again: true, ...rest };
}

function bodies(received: { body: string }[]): Notification[] {
  return received.map(({ body }) => JSON.parse(body) as Notification);
}

test('whoever asked is told of the end of a job, by webhook and by e-mail', async () => {
  const [all, one, box] = [await receiver(), await receiver(), await mailbox()];
  const mail = { smtpUrl: box.url, mailFrom: 'longhand@example.org', mailTo: 'me@example.org' };
  const { api, owner, rested, config } = await ownerUnderTest({ ...mail, allowPrivateHooks: true });
  const { id, ...target } = await api.post<TargetView>(TARGETS, {
    ...{ kind: 'webhook', address: all.url, secret: SECRET, events: ['failed', 'queue_empty', 'failed'] },
  });
  expect(target).toMatchObject({ signed: true, enabled: true, events: ['failed', 'queue_empty'] });
  const email = 'you@example.org';
  const notify = { webhook: { url: one.url, secret: SECRET }, email };
  const job = await api.post<Submitted>('/api/jobs', { ...hopeless('notes <b>.mp3'), notify });
  const { parameters } = await rested(job.id);
  expect(JSON.stringify(parameters)).not.toContain(SECRET);
  expect(bodies(await all.has(2)).map(({ type }) => type)).toEqual(['job.failed', 'queue.empty']);
  const [told] = bodies(await one.has(1));
  expect(told).toMatchObject({ job: { id: job.id, filename: 'notes <b>.mp3', error: { kind: 'input' } } });
  const { targets } = await api.get<{ targets: TargetView[] }>(TARGETS);
  expect(targets.map(({ address }) => address)).toEqual(['me@example.org', all.url]);
  expect(JSON.stringify(targets)).not.toContain(SECRET);
  expect(await api.post(`${TARGETS}/${id}/test`)).toMatchObject({
    event: 'test',
    status: 'delivered',
    httpStatus: 204,
  });
  await expect(api.delete(`${TARGETS}/${targets[0]?.id}`)).rejects.toThrow(/comes from the settings/);
  await api.delete(`${TARGETS}/${id}`);
  await expect(api.post(`${TARGETS}/${id}/test`)).rejects.toThrow(`There is no notification target ${id}.`);
  // What is due is told before the owner is gone.
  await owner.close();
  expect(box.mails.map(({ to }) => to[0]).sort()).toEqual(['me@example.org', email]);
  expect(config.mailTo).toEqual(['me@example.org']);
});

test('what cannot be told is refused in plain words, and nothing is kept of it', async () => {
  const { api } = await ownerUnderTest();
  const post = (target: object) => api.post(TARGETS, target);
  const hook = { kind: 'webhook', address: 'https://example.org/x', secret: SECRET };
  await expect(post({ ...hook, address: 'http://127.0.0.1:1/x' })).rejects.toThrow(/127\.0\.0\.1 is no public address/);
  await expect(post({ ...hook, address: 'http://[::1]/x' })).rejects.toThrow(/::1 is no public address/);
  await expect(post({ ...hook, address: 'file:///etc/passwd' })).rejects.toThrow(/must begin with https/);
  await expect(post({ ...hook, address: 'https://me:secret@example.org' })).rejects.toThrow(/no user and no password/);
  await expect(post({ ...hook, secret: 'short' })).rejects.toThrow(/at least 16 characters/);
  await expect(post({ ...hook, events: ['born'] })).rejects.toThrow(/events/);
  await expect(post({ kind: 'email', address: 'me@example.org' })).rejects.toThrow(/no mail server/);
  await expect(post({ kind: 'email', address: 'me@example.org\r\nBcc: you@example.org' })).rejects.toThrow(
    /no e-mail address/,
  );
  const notify = { webhook: { url: 'http://169.254.169.254/', secret: SECRET } };
  await expect(api.post('/api/jobs', { ...hopeless('a.mp3'), notify })).rejects.toThrow(/no public address/);
  expect(await api.get(TARGETS)).toEqual({ targets: [] });
  expect(await api.get('/api/jobs')).toMatchObject({ jobs: [] });
});

test('killed between the end of a job and its telling, it is told by the next owner, with the same id', async () => {
  let answer = false;
  const { url, has } = await receiver((_n, _request, response) => {
    if (answer) response.writeHead(200).end();
  });
  const home = new Home({ LONGHAND_ALLOW_PRIVATE_HOOKS: 'true' });
  const first = home.start(['serve', '--port', '0']);
  await first.said(/listens on/);
  const api = new ApiClient(socketPathFor(home.dataDir));
  await api.post(TARGETS, { kind: 'webhook', address: url, secret: SECRET });
  await api.post('/api/jobs', hopeless('b.mp3'));
  await has(1);
  await first.kill();
  answer = true;
  const second = home.start(['serve', '--port', '0']);
  const received = await has(2);
  expect(received[1]?.body).toBe(received[0]?.body);
  expect(received[1]?.headers['x-longhand-event-id']).toBe(bodies(received)[0]?.id);
  second.signal('SIGTERM');
  expect((await second.finished).code).toBe(0);
  const { deliveries } = await home.json<{ deliveries: DeliveryView[] }>(['notify', 'log']);
  expect(deliveries).toMatchObject([{ status: 'delivered', tries: 1, httpStatus: 200, event: 'failed' }]);
});
