import { once } from 'node:events';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { listEvents } from '../../src/store/events.ts';
import { getJob } from '../../src/store/jobs.ts';
import { openStore } from '../../src/store/open.ts';
import { nextMessage, startChild } from './child.ts';
import { submit, temporaryFolder, testClock } from './support.ts';

const SUBMIT_AND_WAIT = `
  import { systemClock } from './src/domain/clock.ts';
  import { insertJob } from './src/store/jobs.ts';
  import { openStore } from './src/store/open.ts';
  const store = await openStore({ file: process.argv[2], clock: systemClock });
  process.send(await insertJob(store, { filename: 'killed.flac', actor: 'user' }));
  setInterval(() => {}, 1000);`;

const CLAIM_ALL = `
  import { randomUUID } from 'node:crypto';
  import { systemClock } from './src/domain/clock.ts';
  import { openStore } from './src/store/open.ts';
  import { claimNext } from './src/store/queue.ts';
  const store = await openStore({ file: process.argv[2], clock: systemClock });
  const taken = [];
  process.on('message', async () => {
    for (;;) {
      const claimed = await claimNext(store, {
        leaseToken: randomUUID(), runToken: randomUUID(), leaseUntil: Date.now() + 30_000, node: String(process.pid),
      });
      if (!claimed) break;
      taken.push(claimed.job.id);
    }
    await store.close();
    process.send(taken, () => process.disconnect());
  });
  process.send('ready');`;

test('what a killed process committed is there', async () => {
  const file = join(temporaryFolder(), 'longhand.db');
  const child = await startChild(SUBMIT_AND_WAIT, [file]);
  const id = (await nextMessage(child)) as number;
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(statSync(`${file}-wal`).size).toBeGreaterThan(0);
  const store = await openStore({ file, clock: testClock() });
  onTestFinished(() => store.close());
  expect(await getJob(store, id)).toMatchObject({ filename: 'killed.flac', status: 'pending' });
});

test('processes that claim at the same time share the jobs and take none twice', async () => {
  const file = join(temporaryFolder(), 'longhand.db');
  const store = await openStore({ file, clock: testClock() });
  onTestFinished(() => store.close());
  const ids: number[] = [];
  for (let n = 0; n < 120; n++) ids.push(await submit(store));

  const children = await Promise.all([1, 2, 3].map(() => startChild(CLAIM_ALL, [file])));
  await Promise.all(children.map(nextMessage));
  for (const child of children) child.send('go');
  const taken = (await Promise.all(children.map(nextMessage))) as number[][];

  expect(taken.flat().sort((a, b) => a - b)).toEqual(ids);
  for (const id of ids) {
    expect((await listEvents(store, { jobId: id })).map(({ type }) => type)).toEqual(['submitted', 'claimed']);
  }
});
