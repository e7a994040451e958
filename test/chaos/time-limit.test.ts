import { describe, expect, it } from 'vitest';
import { ApiClient } from '../../src/api/client.ts';
import { type Owner, startOwner } from '../../src/app.ts';
import { loadConfig } from '../../src/config/load.ts';
import { Home } from '../support/cli.ts';
import { submit, untilAtRest } from './owners.ts';
import { briefFile, noneLeft, runTokens } from './support.ts';

describe('a real runner that takes longer than it may', () => {
  it('is ended, and the job fails with that, however politely the runner stops', async () => {
    const home = new Home({ TRANSCRIPTION_TIMEOUT: '1' });
    const { config } = loadConfig({}, home.env);
    const patience = { heartbeatMs: 100, missedHeartbeats: 10_000 };
    const owner = (await startOwner(config, { acceptsJobs: true, patience, onWarning: () => undefined })) as Owner;
    try {
      const api = new ApiClient(owner.socketPath);
      const { status, error, runs } = await untilAtRest(api, await submit(api, await briefFile()));
      expect({ status, error }).toMatchObject({ status: 'failed', error: { kind: 'timeout' } });
      expect(runs).toMatchObject([{ outcome: 'failed', error: { kind: 'timeout' } }]);
    } finally {
      await owner.close();
    }
    await noneLeft(await runTokens(home));
  });
});
