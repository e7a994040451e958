/** The owner of a data folder that only answers: what it leaves to others. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { Config } from '../src/config/schema.ts';
import { systemClock } from '../src/domain/clock.ts';
import type { QueueView } from '../src/jobs/queue-view.ts';
import { type LookUpOwner, startLookUp } from '../src/look-up-owner.ts';
import { openStore } from '../src/store/open.ts';
import type { Store } from '../src/store/store.ts';
import { RUN_TOKEN_VARIABLE } from '../src/supervisor/identity.ts';
import { submit, working } from './store/support.ts';
import { ownConfig, ownerOf, ownerUnderTest } from './supervisor/owners.ts';

async function prepared(config: Config, prepare: (store: Store) => Promise<unknown>): Promise<void> {
  await (await ownerOf(config)).owner.close();
  const store = await openStore({ file: join(config.dataDir, 'longhand.db'), clock: systemClock });
  await prepare(store);
  await store.close();
}

it('answers, listens nowhere, writes no log, and keeps others out until it is closed', async () => {
  const config = ownConfig();
  const owner = (await startLookUp(config)) as LookUpOwner;
  expect((await owner.api.get<QueueView>('/api/queue')).total).toBe(0);
  expect(existsSync(join(config.dataDir, 'owner.sock'))).toBe(false);
  expect(readdirSync(join(config.dataDir, 'logs'))).toEqual([]);
  expect(await startLookUp(config)).toBe('taken');
  await expect(ownerOf(config)).rejects.toThrow('Somebody else owns the folder.');
  await owner.close();
  await owner.close();
  await (await ownerOf(config)).owner.close();
});

it('is none while a whole owner is there', async () => {
  const { config, owner } = await ownerUnderTest();
  expect(await startLookUp(config)).toBe('taken');
  await owner.close();
});

it('is none where a dead owner left a job in work: whoever is the owner next takes it back', async () => {
  const config = ownConfig();
  await prepared(config, (store) => working(store));
  expect(await startLookUp(config)).toBe('left behind');
  const { owner } = await ownerOf(config, { acceptsJobs: false });
  expect(owner.recovered).toMatchObject([{ jobId: 1 }]);
  await owner.close();
  const after = (await startLookUp(config)) as LookUpOwner;
  await after.close();
});

it.runIf(process.platform === 'linux')('is none while a process of a run that is over lives', async () => {
  const config = ownConfig();
  let token = '';
  await prepared(config, async (store) => {
    const { run } = await working(store);
    token = run.token;
    await store.db.updateTable('runs').set({ ended_at: 1, outcome: 'failed' }).execute();
    await store.db.updateTable('transcription_jobs').set({ status: 'failed', lease_token: null }).execute();
    await submit(store);
  });
  const stray = spawn('sleep', ['600'], { env: { ...process.env, [RUN_TOKEN_VARIABLE]: token } });
  onTestFinished(() => void stray.kill('SIGKILL'));
  await once(stray, 'spawn');
  expect(await startLookUp(config)).toBe('left behind');
  stray.kill('SIGKILL');
  await once(stray, 'exit');
  await ((await startLookUp(config)) as LookUpOwner).close();
});
