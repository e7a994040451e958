/** What a sweep finds: runs without an owner, jobs without a run, processes without a job. */
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Config } from '../../src/config/schema.ts';
import { systemClock } from '../../src/domain/clock.ts';
import { makePrivateFolder } from '../../src/files/directory.ts';
import { findControlGroup } from '../../src/native/control-group.ts';
import { insertJob } from '../../src/store/jobs.ts';
import { openStore } from '../../src/store/open.ts';
import { type Claimed, claimNext } from '../../src/store/queue.ts';
import { endRun, setRunProcess } from '../../src/store/runs.ts';
import type { Store } from '../../src/store/store.ts';
import { createCgroup } from '../../src/supervisor/cgroup.ts';
import { bootId, isAlive, processesWithToken } from '../../src/supervisor/identity.ts';
import type { RoundReport } from '../../src/supervisor/rounds.ts';
import { cgroupName } from '../../src/supervisor/spawn.ts';
import { speak } from '../support/speech.ts';
import { ownConfig, ownerOf } from './owners.ts';
import { start } from './processes.ts';

const TEN_MINUTES_MS = 600_000;
const NEVER = { sweepIntervalSeconds: 100_000 };

/** A data folder as somebody left it. */
async function leftBehind(work: (store: Store) => Promise<void>, config = ownConfig(NEVER)): Promise<Config> {
  makePrivateFolder(config.dataDir);
  const store = await openStore({ file: join(config.dataDir, 'longhand.db'), clock: systemClock });
  try {
    await work(store);
  } finally {
    await store.close();
  }
  return config;
}

const PARAMETERS = {
  engine: 'pocketsphinx',
  model: 'auto',
  language: 'en',
  processes: 1,
  workers: 1,
  preprocessWorkers: 1,
  overlapSeconds: 0,
};

async function submitted(store: Store, originalPath: string): Promise<number> {
  return await insertJob(store, {
    filename: 'a.wav',
    originalPath,
    engine: 'pocketsphinx',
    parameters: PARAMETERS,
    actor: 'user',
  });
}

async function claimed(store: Store, originalPath: string): Promise<Claimed> {
  const id = await submitted(store, originalPath);
  const lease = { leaseToken: randomUUID(), leaseUntil: 0, node: 'gone', runToken: randomUUID() };
  return (await claimNext(store, { ...lease, only: [id] })) as Claimed;
}

/** A row that says that a process works on it, but came from elsewhere: no run, no lease. */
async function plant(store: Store, id: number, processId: number): Promise<void> {
  const last_heartbeat = Date.now() - TEN_MINUTES_MS;
  await store.db
    .updateTable('transcription_jobs')
    .set({ status: 'processing', process_id: processId, last_heartbeat })
    .where('id', '=', id)
    .execute();
}

describe('at the start of an owner', () => {
  it('a job whose process and source are gone fails in the same sweep, and a foreign process under its pid lives on', async () => {
    const foreign = await start('sleep', ['600']);
    const config = await leftBehind(async (store) => {
      await plant(store, await submitted(store, '/nowhere/gone.wav'), foreign.identity.pid);
      await plant(store, await submitted(store, await speak('good morning')), foreign.identity.pid);
    });
    const { api, owner, rested } = await ownerOf(config);
    expect(owner.recovered).toMatchObject([
      { jobId: 1, status: 'failed', killed: [] },
      { jobId: 2, status: 'pending', killed: [] },
    ]);
    expect(await api.get('/api/jobs/1')).toMatchObject({
      status: 'failed',
      error: {
        kind: 'crash',
        message: expect.stringMatching(/^Process orphaned and cleaned up; its recording is gone/),
      },
    });
    await api.post('/api/jobs/2/resume');
    expect(await rested(2)).toMatchObject({ status: 'completed' });
    expect(isAlive(foreign.identity)).toBe(true);
  });

  it('a number that was used again is never signalled', async () => {
    const foreign = await start('sleep', ['600']);
    const config = await leftBehind(async (store) => {
      const { run } = await claimed(store, await speak('good morning'));
      await setRunProcess(store, run.id, { pid: foreign.identity.pid, startTime: '1', bootId: bootId() });
    });
    const { owner } = await ownerOf(config);
    expect(owner.recovered).toMatchObject([{ jobId: 1, status: 'pending', killed: [] }]);
    expect(isAlive(foreign.identity)).toBe(true);
  });

  it('a registered process that still lives is ended with the daemon that it left in a session of its own', async () => {
    const tokens: string[] = [];
    let left: Awaited<ReturnType<typeof start>> | undefined;
    const config = await leftBehind(async (store) => {
      const { run } = await claimed(store, await speak('good morning'));
      tokens.push(run.token);
      left = await start('sh', ['-c', 'setsid sleep 600 & echo "$!"; exec sleep 600'], run.token);
      await setRunProcess(store, run.id, left.identity);
    });
    await left?.line();
    const { owner } = await ownerOf(config);
    expect(owner.recovered[0]?.killed.map(({ command }) => command)).toContain('sleep');
    await left?.ended;
    expect(tokens.flatMap(processesWithToken)).toEqual([]);
  });

  it('the control group of a run that was lost is removed, with what is in it', async (context) => {
    let folder: string | undefined;
    const config = await leftBehind(async (store) => {
      const { run } = await claimed(store, await speak('good morning'));
      const group = createCgroup(cgroupName(run.token), { memoryBytes: 2 ** 27 });
      if (!group) return context.skip('No control group can be made here.');
      onTestFinished(() => void group.remove());
      const left = await start('sleep', ['600'], run.token);
      expect(group.add(left.identity.pid)).toBe(true);
      const groups = readFileSync(`/proc/${left.identity.pid}/cgroup`, 'utf8');
      folder = findControlGroup('memory', groups, readFileSync('/proc/self/mountinfo', 'utf8'))?.folder;
    });
    expect(existsSync(folder as string)).toBe(true);
    await ownerOf(config);
    expect(existsSync(folder as string)).toBe(false);
  });

  it('with the policy `fail` what was lost is not taken up again by itself', async () => {
    const config = await leftBehind(
      async (store) => void (await claimed(store, await speak('good morning'))),
      ownConfig({ ...NEVER, orphanPolicy: 'fail' }),
    );
    const { api } = await ownerOf(config);
    expect(await api.get('/api/jobs/1')).toMatchObject({
      status: 'failed',
      error: { message: 'Process orphaned and cleaned up', remedy: 'Go on from its checkpoint: longhand resume 1' },
    });
  });
});

describe('a sweep while the owner works', () => {
  it('ends a process that carries the token of a run that is over, and spares one with a token of somebody else', async () => {
    let token = '';
    const config = await leftBehind(async (store) => {
      const { run } = await claimed(store, await speak('good morning'));
      token = run.token;
      await endRun(store, run.id, { outcome: 'stopped' });
    });
    const { api } = await ownerOf(config);
    const stray = await start('sleep', ['600'], token);
    const stranger = await start('sleep', ['600'], randomUUID());
    const report = await api.post<RoundReport>('/api/cleanup');
    expect(report).toMatchObject({
      recovered: [],
      strays: [{ pid: stray.identity.pid, command: 'sleep' }],
      survivors: [],
    });
    await stray.ended;
    expect(isAlive(stranger.identity)).toBe(true);
    expect(await api.get('/api/health')).toMatchObject({
      status: 'degraded',
      orphaned_count: 0,
      alerts: expect.arrayContaining([expect.objectContaining({ level: 'critical', metric: 'orphanedCleaned' })]),
    });
  });

  it('comes by itself', async () => {
    const { config, submit, rested } = await ownerOf(ownConfig({ sweepIntervalSeconds: 0.05 }));
    const id = await submit();
    const job = await rested(id);
    expect(job.status).toBe('completed');
    const token = await tokenOf(config, id);
    const stray = await start('sleep', ['600'], token);
    await stray.ended;
  });

  it('leaves a job alone that has just become orphaned of its heartbeat, until 300 s are over', async () => {
    const { api, config } = await ownerOf(ownConfig(NEVER));
    const other = await connectTo(config);
    const id = await submitted(other, await speak('good morning'));
    await other.db
      .updateTable('transcription_jobs')
      .set({ status: 'processing', process_id: 1, last_heartbeat: Date.now() - 200_000 })
      .where('id', '=', id)
      .execute();
    expect(await api.post('/api/cleanup')).toMatchObject({ recovered: [] });
    await plant(other, id, 1);
    expect(await api.post('/api/cleanup')).toMatchObject({ recovered: [{ jobId: id, status: 'pending', killed: [] }] });
  });
});

async function connectTo(config: Config): Promise<Store> {
  const store = await openStore({ file: join(config.dataDir, 'longhand.db'), clock: systemClock });
  onTestFinished(() => store.close());
  return store;
}

async function tokenOf(config: Config, jobId: number): Promise<string> {
  const store = await connectTo(config);
  const row = await store.db.selectFrom('runs').select('token').where('job_id', '=', jobId).executeTakeFirstOrThrow();
  return row.token;
}
