import { mkdirSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { PathCover } from '../../src/api/hide-paths.ts';
import { insertJob, transition } from '../../src/store/jobs.ts';
import { pauseQueue } from '../../src/store/queue-state.ts';
import { removeJob } from '../../src/store/remove-job.ts';
import { endRun } from '../../src/store/runs.ts';
import { claim, submit } from '../store/support.ts';
import { type Guarded, guarded, keyed, routesOf, user } from './doors-support.ts';

const FOLDER = '/srv/recordings of anna';
const FILE = `${FOLDER}/talk.wav`;
/** Ways in which what goes wrong names a recording. */
const LINES = [
  `"${FILE}" cannot be read any more (ENOENT).`,
  `[in#0] Error opening input file file:${FILE}.`,
  `${FILE}: Invalid data found when processing input`,
];

/** A job that has failed, one at work and one that is no more, each with sentences that name its recording. */
async function fill({ store, dataDir }: Guarded): Promise<number> {
  mkdirSync(join(dataDir, 'logs'), { recursive: true });
  const message = LINES.join(' ');
  const ids: number[] = [];
  for (const _ of ['failed', 'deleted', 'at work']) {
    const id = await insertJob(store, { filename: 'talk.wav', originalPath: FILE, actor: 'user' });
    ids.push(id);
    const claimed = await claim(store, [id]);
    const leaseToken = claimed?.job.lease_token ?? '';
    const log = ['2026-01-01T00:00:00.000Z INFO    supervisor  begins', ...LINES, dataDir, ''].join('\n');
    writeFileSync(join(dataDir, 'logs', `transcribe_job_${id}.log`), log);
    if (ids.length === 3) break;
    const error = { kind: 'input', message, remedy: `Put ${FILE} back.` } as const;
    await endRun(store, claimed?.run.id ?? 0, { outcome: 'failed', error, evidence: message });
    const set = { error_message: message, error_kind: 'input', error_remedy: error.remedy } as const;
    // What is known of one that was deleted is in its events alone.
    const reason = ids.length === 2 ? (LINES[0] ?? '') : message;
    await transition(store, id, 'failed', { leaseToken, actor: 'supervisor', reason, set });
  }
  await removeJob(store, ids[1] ?? 0, { actor: 'user' });
  const reason = `There is no space left on the disk (${dataDir}/jobs/1/audio.s16le.part).`;
  await pauseQueue(store, { by: 'disk', actor: 'supervisor', reason, resumeAtBytes: 1 });
  return ids[0] ?? 0;
}

/** What a stream tells until it has said this. */
async function streamed(url: string, headers: Record<string, string>, last: string): Promise<string> {
  const leaving = new AbortController();
  const response = await fetch(url, { headers, signal: leaving.signal });
  expect(response.status).toBe(200);
  let told = '';
  const text = response.body?.pipeThrough(new TextDecoderStream()) ?? [];
  for await (const piece of text) {
    told += piece;
    if (told.includes(last)) break;
  }
  leaving.abort();
  return told;
}

describe('where a recording lies', () => {
  test.each([
    ['an admin', 'admin', true],
    ['somebody who may write', 'write', false],
    ['somebody who may read', 'read', false],
  ] as const)('is told to %s: %s, %s', async (_, scope, isTold) => {
    const here = await guarded();
    const id = await submit(here.store, {
      originalPath: `${FOLDER}/talk.wav`,
      filename: 'talk.wav',
      parameters: { path: `${FOLDER}/talk.wav`, language: 'en' },
    });
    await claim(here.store, [id]);
    const headers = await keyed(here, 'key', scope);
    for (const part of ['', `/${id}`, `/${id}/details`, `/${id}/runs`, `/${id}/history`]) {
      const response = await here.server.inject({ url: `/api/jobs${part}`, headers });
      expect(response.statusCode).toBe(200);
      if (!isTold) expect(response.body).not.toContain(FOLDER);
    }
    const { body } = await here.server.inject({ url: `/api/jobs/${id}/details`, headers });
    expect(JSON.parse(body)).toMatchObject({
      filename: 'talk.wav',
      path: isTold ? `${FOLDER}/talk.wav` : null,
      parameters: { path: isTold ? `${FOLDER}/talk.wav` : null, language: 'en' },
    });
  });

  test('is not told to a user who is no admin, of the own job', async () => {
    const here = await guarded();
    await user(here, 'anna');
    const id = await submit(here.store, { originalPath: `${FOLDER}/talk.wav`, userId: await user(here, 'ben') });
    const { body } = await here.server.inject({
      url: `/api/jobs/${id}`,
      headers: await keyed(here, 'bens', 'write', 'ben'),
    });
    expect(JSON.parse(body)).toMatchObject({ id, path: null });
  });

  test('stands in nothing that anybody below an admin can ask for', async () => {
    const here = await guarded();
    const id = await fill(here);
    const keys = { admin: await keyed(here, 'one', 'admin'), write: await keyed(here, 'two', 'write') };
    const secret = (text: string) => [FOLDER, here.dataDir].filter((folder) => text.includes(folder));
    const routes = routesOf(here.server).filter(({ url }) => url.startsWith('/api/') && !url.endsWith('/events'));
    let namedToAdmin = 0;
    for (const { method, url } of routes.filter((route) => !route.url.includes('*'))) {
      // What changes something changes nothing here: what it says is a problem, and may name a path as well.
      if (method === 'DELETE') continue;
      const address = url.replace(/:id|:jobId/, String(id)).replace(/:\w+/g, '1');
      for (const who of ['admin', 'write'] as const) {
        const isEmpty = method === 'GET';
        const asked = { method, url: address, headers: keys[who], ...(isEmpty ? {} : { body: {} }) } as const;
        const { rawPayload, body } = await here.server.inject(asked);
        const text = address.endsWith('/evidence') ? gunzipSync(rawPayload).toString() : body;
        if (who === 'write') expect({ url, told: secret(text) }).toEqual({ url, told: [] });
        else if (secret(text).length > 0) namedToAdmin += 1;
      }
    }
    // The test asks where there is something to tell.
    expect(namedToAdmin).toBeGreaterThanOrEqual(8);
  });

  test('stands in no stream either, and a log has as many bytes for everybody', async () => {
    const here = await guarded();
    const id = await fill(here);
    const keys = { admin: await keyed(here, 'one', 'admin'), write: await keyed(here, 'two', 'write') };
    await here.server.listen({ host: '127.0.0.1', port: 0 });
    onTestFinished(() => here.server.close());
    const address = `http://127.0.0.1:${(here.server.server.address() as AddressInfo).port}`;
    const streams: [path: string, last: string][] = [
      ['/api/events?lastEventId=0', 'event: ready'],
      [`/api/jobs/${id}/events?lastEventId=0`, 'event: ready'],
      [`/api/jobs/${id}/log/events?lines=100`, 'Invalid data'],
      [`/api/jobs/${id}/log?follow=true&lines=100`, 'Invalid data'],
    ];
    for (const [path, last] of streams) {
      const [all, covered] = await Promise.all([
        streamed(`${address}${path}`, keys.admin, last),
        streamed(`${address}${path}`, keys.write, last),
      ]);
      expect({ path, told: all.includes(FOLDER) }).toEqual({ path, told: true });
      expect({ path, told: covered.includes(FOLDER) || covered.includes(here.dataDir) }).toEqual({ path, told: false });
    }
    const [whole, covered] = await Promise.all(
      [keys.admin, keys.write].map((headers) => here.server.inject({ url: `/api/jobs/${id}/log?lines=100`, headers })),
    );
    expect(covered?.rawPayload.length).toBe(whole?.rawPayload.length);
    expect(covered?.body).toContain('/talk.wav: Invalid data');
  });
});

describe('a text is told without folders', () => {
  const cover = new PathCover([FILE, '/home/anna/longhand/anything']);

  test.each([
    [`"${FILE}" is gone`, '"talk.wav" is gone'],
    [`file:${FILE}: Invalid data`, 'file:talk.wav: Invalid data'],
    ['Cannot open "/mnt/a b/c.wav" (ENOENT)', 'Cannot open "c.wav" (ENOENT)'],
    ['(/home/anna/longhand/jobs/1/audio.s16le)', '(jobs/1/audio.s16le)'],
    ['whisper.cpp 1.9.1 at /usr/local/bin/whisper-cli', 'whisper.cpp 1.9.1 at whisper-cli'],
    ['See https://example.org/a/b and /api/jobs/1/log', 'See https://example.org/a/b and /api/jobs/1/log'],
    ['On 1/2/2026, and/or 3/4 of it', 'On 1/2/2026, and/or 3/4 of it'],
  ])('%s', (text, told) => {
    expect(cover.text(text)).toBe(told);
    expect(Buffer.byteLength(cover.log(text))).toBe(Buffer.byteLength(text));
  });
});
