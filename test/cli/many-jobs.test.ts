/** Hundreds of jobs at once, over the real API and store; who works on them is the test, so that it is quick. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { NewsHub } from '../../src/api/events.ts';
import { buildServer } from '../../src/api/server.ts';
import { listenOn } from '../../src/api/socket.ts';
import { handIn } from '../../src/cli/hand-in.ts';
import type { Shell } from '../../src/cli/shell.ts';
import { seeThrough } from '../../src/cli/work.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { Engine } from '../../src/engines/engine.ts';
import { submissionOf } from '../../src/jobs/submission.ts';
import type { JobView } from '../../src/jobs/view.ts';
import { finishJob, transition } from '../../src/store/jobs.ts';
import { openStore } from '../../src/store/open.ts';
import { apiContext } from '../api/api-context.ts';
import { claim, temporaryFolder, testClock } from '../store/support.ts';

/** Every so many one fails. */
const FAILING = 20;

const ENGINE = {
  name: 'pocketsphinx',
  label: 'PocketSphinx',
  maxChunkSeconds: 60,
  languages: 'any',
  check: async () => ({ available: true, detail: 'here' }),
  resolveModel: async () => ({ name: 'en-us' }),
} as unknown as Engine;

/** An owner whose jobs are over as soon as somebody wants them, in any order. */
async function ownerAt(dataDir: string) {
  const store = await openStore({ file: join(dataDir, 'longhand.db'), clock: testClock() });
  const hub = new NewsHub();
  let streams = 0;
  const work = async (jobId: number) => {
    const claimed = await claim(store, [jobId]);
    if (!claimed) return;
    const leaseToken = claimed.job.lease_token as string;
    hub.tell({ type: 'state', jobId, status: 'processing' });
    const fails = jobId % FAILING === 0;
    if (fails) await transition(store, jobId, 'failed', { leaseToken, actor: 'test', reason: 'so' });
    else await finishJob(store, jobId, leaseToken, { transcript: '', elapsedSeconds: 1, speed: 1 });
    hub.tell({ type: 'state', jobId, status: fails ? 'failed' : 'completed' });
  };
  const working: Promise<void>[] = [];
  const server = buildServer(
    apiContext(store, dataDir, {
      hub,
      engines: [ENGINE],
      // The even ones only after the next, so that results do not come in the order of the jobs.
      want: (jobId) => void working.push(jobId % 2 ? work(jobId) : Promise.resolve().then(() => work(jobId))),
    }),
  );
  server.addHook('onRequest', async ({ url }) => {
    if (url.endsWith('/events')) streams += 1;
  });
  await listenOn(server, dataDir);
  onTestFinished(async () => {
    await server.close();
    await Promise.all(working);
    await store.close();
  });
  return { streams: () => streams };
}

it.each([
  { jobs: 200, inOrder: false },
  { jobs: 40, inOrder: true },
])('$jobs are handed in and followed over one stream, in order: $inOrder', async ({ jobs, inOrder }) => {
  const dataDir = temporaryFolder();
  const files = join(dataDir, 'files');
  mkdirSync(files);
  const { streams } = await ownerAt(dataDir);
  const { config } = loadConfig({ dataDir, cacheDir: dataDir, engine: 'pocketsphinx' }, {});
  const shell = { startOwner: async () => undefined } as unknown as Shell;
  const tasks = Array.from({ length: jobs }, (_, n) => {
    const path = join(files, `${n}.wav`);
    writeFileSync(path, 'x'.repeat(n + 1));
    return { path, begin: (api: Parameters<typeof handIn>[0]) => handIn(api, submissionOf(path, config), String) };
  });
  const warnings: string[] = [];
  const onWarning = ({ message }: Error) => void warnings.push(message);
  process.on('warning', onWarning);
  onTestFinished(() => void process.off('warning', onWarning));
  const given: JobView[] = [];
  const code = await seeThrough(shell, config, tasks, {
    inOrder,
    onResult: async (job) => void given.push(job),
    onRefused: (error) => {
      throw error;
    },
    onStopped: () => undefined,
  });
  expect(code).toBe(1);
  expect(warnings).toEqual([]);
  expect(streams()).toBe(1);
  expect(given).toHaveLength(jobs);
  const ids = given.map(({ id }) => id);
  if (inOrder) expect(ids).toEqual([...ids].sort((a, b) => a - b));
  expect(new Set(ids).size).toBe(jobs);
  expect(given.filter(({ status }) => status === 'failed')).toHaveLength(jobs / FAILING);
});

it('go on when one of them cannot be handed in', async () => {
  const dataDir = temporaryFolder();
  await ownerAt(dataDir);
  const { config } = loadConfig({ dataDir, cacheDir: dataDir, engine: 'pocketsphinx' }, {});
  const shell = { startOwner: async () => undefined } as unknown as Shell;
  for (const name of ['a', 'b']) writeFileSync(join(dataDir, name), name);
  const tasks = ['a', 'gone', 'b'].map((name) => ({
    name,
    begin: (api: Parameters<typeof handIn>[0]) => handIn(api, submissionOf(join(dataDir, name), config), String),
  }));
  const refused: string[] = [];
  const given: string[] = [];
  const code = await seeThrough(shell, config, tasks, {
    inOrder: true,
    onResult: async (_job, _api, { name }) => void given.push(name),
    onRefused: (error, { name }) => refused.push(`${name}: ${(error as Error).message}`),
    onStopped: () => undefined,
  });
  expect({ code, given }).toEqual({ code: 1, given: ['a', 'b'] });
  expect(refused).toEqual([expect.stringMatching(/^gone: There is no file/)]);
});
