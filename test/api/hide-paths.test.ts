import { describe, expect, test } from 'vitest';
import { claim, submit } from '../store/support.ts';
import { guarded, keyed, user } from './doors-support.ts';

const FOLDER = '/srv/recordings of anna';

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
});
