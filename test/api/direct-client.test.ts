/** A look-up has one answer, whether a route gives it or the owner of the data folder itself. */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ApiClient } from '../../src/api/client.ts';
import { DirectClient } from '../../src/api/direct-client.ts';
import { LOOK_UPS } from '../../src/api/lookups/all.ts';
import { buildServer } from '../../src/api/server.ts';
import { recordArtifact } from '../../src/store/artifacts.ts';
import { finishJob } from '../../src/store/jobs.ts';
import { openStore } from '../../src/store/open.ts';
import { jobFolder, logPath } from '../../src/supervisor/job-files.ts';
import { submit, temporaryFolder, testClock, working } from '../store/support.ts';
import { apiContext } from './api-context.ts';

/** For each look-up what it is asked: something that there is, and something that is refused or not there. */
const QUESTIONS: Record<string, string[]> = {
  '/api/queue': ['/api/queue', '/api/queue?limit=1', '/api/queue?limit=none'],
  '/api/jobs': [
    '/api/jobs?limit=1',
    '/api/jobs?status=pending,completed&q=talk',
    '/api/jobs?status=pending&status=failed',
    '/api/jobs?status=lost',
    '/api/jobs?q=%E0%B9%84%E0%B8%97%E0%B8%A2+%26',
  ],
  '/api/job-ids': ['/api/job-ids?status=pending', '/api/job-ids'],
  '/api/jobs/:id': ['/api/jobs/1', '/api/jobs/9', '/api/jobs/none'],
  '/api/jobs/:id/usage': ['/api/jobs/1/usage', '/api/jobs/9/usage'],
  '/api/jobs/:id/details': ['/api/jobs/1/details', '/api/jobs/2/details', '/api/jobs/9/details'],
  '/api/jobs/:id/log': ['/api/jobs/1/log?lines=1', '/api/jobs/2/log', '/api/jobs/9/log', '/api/jobs/1/log?lines=x'],
  '/api/jobs/:id/transcript': [
    '/api/jobs/1/transcript',
    '/api/jobs/1/transcript?format=json',
    '/api/jobs/2/transcript',
    '/api/jobs/1/transcript?format=pdf',
  ],
  '/api/audit': ['/api/audit', '/api/audit?job=1&since=2026-01-01T00:00:00Z', '/api/audit?since=yesterday'],
  '/api/users': ['/api/users'],
  '/api/keys': ['/api/keys'],
  '/api/notifications/targets': ['/api/notifications/targets'],
  '/api/notifications/deliveries': ['/api/notifications/deliveries?limit=2', '/api/notifications/deliveries?limit=0'],
};

test('every look-up is found by the path that its route has, and is asked here', async () => {
  expect(Object.keys(QUESTIONS)).toEqual(Object.keys(LOOK_UPS));
  for (const [path, load] of Object.entries(LOOK_UPS)) expect((await load()).path).toBe(path);
  await expect(new DirectClient(await filled()).get('/api/health')).rejects.toThrow('no look-up at /api/health');
});

test.each(Object.entries(QUESTIONS))(
  '%s is answered alike over the socket and without one',
  async (_path, questions) => {
    const context = await filled();
    const socket = join(context.dataDir, 'test.sock');
    const server = buildServer(context);
    await server.listen({ path: socket });
    onTestFinished(() => server.close());
    const clients = [new ApiClient(socket), new DirectClient(context)];
    for (const question of questions) {
      const [asked, direct] = await Promise.all(clients.map((client) => outcomeOf(client.getText(question))));
      expect(direct, question).toEqual(asked);
      if (!question.includes('/log')) continue;
      const [log, directLog] = await Promise.all(clients.map((client) => outcomeOf(client.getLog(question))));
      expect(directLog, question).toEqual(log);
    }
  },
);

/** What came of a question, errors as somebody sees them. */
async function outcomeOf(answer: Promise<unknown>): Promise<unknown> {
  return await answer.catch((error) => ({
    error: error.constructor.name,
    ...{ kind: error.kind, message: error.message, remedy: error.remedy },
  }));
}

/** A job that is done, with its log and text, and one that waits. */
async function filled() {
  const dataDir = temporaryFolder();
  const store = await openStore({ file: join(dataDir, 'longhand.db'), clock: testClock() });
  onTestFinished(() => store.close());
  const { job, lease } = await working(store, { filename: 'talk.flac' });
  const content = JSON.stringify({
    ...{ version: 1, durationMs: 1_000, language: 'en', engine: 'pocketsphinx', model: 'en-us', warnings: [] },
    segments: [{ startMs: 0, endMs: 900, text: 'good morning', words: [] }],
  });
  const text = join(jobFolder(dataDir, job.id), 'transcript.json');
  for (const path of [text, logPath(dataDir, job.id)]) mkdirSync(dirname(path), { recursive: true });
  writeFileSync(text, content);
  writeFileSync(logPath(dataDir, job.id), 'first\nsecond ไทย\n');
  await recordArtifact(store, job.id, lease, {
    ...{ stage: 'transcribe', name: 'transcript', path: 'transcript.json', bytes: content.length },
    sha256: createHash('sha256').update(content).digest('hex'),
  });
  await finishJob(store, job.id, lease, { transcript: 'good morning', elapsedSeconds: 1, speed: 2 });
  await submit(store, { filename: 'ไทย & more.wav', durationMinutes: 3 });
  const notifications = { mailIsSetUp: false, objectionTo: () => undefined, tryOnce: async () => undefined };
  return apiContext(store, dataDir, { notifications });
}
