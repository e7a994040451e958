import { once } from 'node:events';
import { statSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { chunkCounts, planChunks } from '../../src/store/chunks.ts';
import { listEvents } from '../../src/store/events.ts';
import { getJob } from '../../src/store/jobs.ts';
import { openStore } from '../../src/store/open.ts';
import { getRun, listRuns } from '../../src/store/runs.ts';
import type { Store } from '../../src/store/store.ts';
import { nextMessage, startChild } from './child.ts';
import { onEachDialect, type Place, type TestedDialect } from './dialects.ts';
import { submit, testClock, working } from './support.ts';

const OPEN = `
  import { randomUUID } from 'node:crypto';
  import { systemClock } from './src/domain/clock.ts';
  import { commitChunk } from './src/store/chunks.ts';
  import { finishJob, insertJob, transition } from './src/store/jobs.ts';
  import { openStore } from './src/store/open.ts';
  import { claimNext } from './src/store/queue.ts';
  const [place, ...rest] = process.argv.slice(2).map((argument) => JSON.parse(argument));
  const store = await openStore({ ...place, clock: systemClock });
  const leave = async (said) => {
    await store.close();
    process.send(said, () => process.disconnect());
  };`;

/** Longhand's own patience with a transaction that stands still is 10 s; who sets less gets less. */
const LITTLE_PATIENCE = '?options=-c%20idle_in_transaction_session_timeout%3D300';

const SUBMIT_AND_WAIT = `${OPEN}
  process.send(await insertJob(store, { filename: 'killed.flac', actor: 'user' }));
  setInterval(() => {}, 1000);`;

const STAND_STILL = `${OPEN}
  await store.db.transaction().execute(async (trx) => {
    await trx.selectFrom('transcription_jobs').selectAll().forUpdate().execute();
    process.send('holding');
    await new Promise(() => setInterval(() => {}, 1000));
  });`;

const CLAIM_ALL = `${OPEN}
  const taken = [];
  process.once('message', async () => {
    for (;;) {
      const claimed = await claimNext(store, {
        leaseToken: randomUUID(), runToken: randomUUID(), leaseUntil: Date.now() + 30_000, node: String(process.pid),
      });
      if (!claimed) break;
      taken.push(claimed.job.id);
    }
    await leave(taken);
  });
  process.send('ready');`;

/** All of them hand in the same chunks, in an order of their own, and then the result. */
const FINISH = `${OPEN}
  const [{ jobId, runId, lease, chunks }] = rest;
  process.once('message', async () => {
    let committed = 0;
    for (const number of chunks.map((n) => [Math.random(), n]).sort().map(([, n]) => n)) {
      const result = { number, words: [], engine: 'whisper', model: 'base', workMs: 1, runId };
      if (await commitChunk(store, jobId, lease, result)) committed += 1;
    }
    const finished = await finishJob(store, jobId, lease, { transcript: 'text', elapsedSeconds: 1, speed: 1 });
    await leave({ committed, finished });
  });
  process.send('ready');`;

async function openAt(place: Place): Promise<Store> {
  const store = await openStore({ ...place, clock: testClock() });
  onTestFinished(() => store.close());
  return store;
}

/** Starts the same program several times, lets all go at the same moment, and gives what each said in the end. */
async function together<T>(count: number, source: string, args: unknown[]): Promise<T[]> {
  const words = args.map((argument) => JSON.stringify(argument));
  const children = await Promise.all(Array.from({ length: count }, () => startChild(source, words)));
  await Promise.all(children.map(nextMessage));
  for (const child of children) child.send('go');
  return (await Promise.all(children.map(nextMessage))) as T[];
}

function processTests({ name, newPlace }: TestedDialect): void {
  test('what a killed process committed is there', async () => {
    const place = await newPlace();
    const child = await startChild(SUBMIT_AND_WAIT, [JSON.stringify(place)]);
    const id = (await nextMessage(child)) as number;
    child.kill('SIGKILL');
    await once(child, 'exit');
    if (name === 'SQLite') expect(statSync(`${place.file}-wal`).size).toBeGreaterThan(0);
    expect(await getJob(await openAt(place), id)).toMatchObject({ filename: 'killed.flac', status: 'pending' });
  });

  test('processes that claim at the same time share the jobs and take none twice', async () => {
    const place = await newPlace();
    const store = await openAt(place);
    const ids: number[] = [];
    for (let n = 0; n < 120; n++) ids.push(await submit(store, { priority: n % 3 }));
    const taken = await together<number[]>(3, CLAIM_ALL, [place]);
    expect(taken.flat().sort((a, b) => a - b)).toEqual(ids);
    for (const id of ids) {
      expect((await listEvents(store, { jobId: id })).map(({ type }) => type)).toEqual(['submitted', 'claimed']);
      expect((await listRuns(store, id)).length).toBe(1);
    }
  });

  test('processes that hand in the same work at the same time: each part is taken once', async () => {
    const place = await newPlace();
    const store = await openAt(place);
    const { job, run, lease } = await working(store);
    const chunks = Array.from({ length: 40 }, (_, number) => number);
    const plan = chunks.map((number) => ({ number, startSample: number, endSample: number + 1, speech: true }));
    await planChunks(store, job.id, lease, plan);
    const said = await together<{ committed: number; finished: boolean }>(3, FINISH, [
      place,
      { jobId: job.id, runId: run.id, lease, chunks },
    ]);
    expect(said.filter(({ finished }) => finished).length).toBe(1);
    const committed = said.reduce((sum, child) => sum + child.committed, 0);
    expect((await chunkCounts(store, job.id)).complete).toBe(committed);
    expect((await getRun(store, run.id))?.chunks_committed).toBe(committed);
    expect(await getJob(store, job.id)).toMatchObject({ status: 'completed', lease_token: null });
    const states = (await listEvents(store, { jobId: job.id })).map(({ to_status }) => to_status);
    expect(states).toEqual(['pending', 'processing', 'completed']);
  });

  test.runIf(name === 'PostgreSQL')(
    'a process that stops in the middle of a transaction holds nobody up for long',
    async () => {
      const place = await newPlace();
      const store = await openAt(place);
      const id = await submit(store);
      const child = await startChild(STAND_STILL, [JSON.stringify({ ...place, url: place.url + LITTLE_PATIENCE })]);
      expect(await nextMessage(child)).toBe('holding');
      child.kill('SIGSTOP');
      const before = await getJob(store, id);
      // It waits for the lock until the server has ended the transaction that stands still.
      await store.db.updateTable('transcription_jobs').set({ priority: 1 }).where('id', '=', id).execute();
      expect(await getJob(store, id)).toEqual({ ...before, priority: 1 });
    },
  );
}

describe('processes', () => onEachDialect(processTests));
