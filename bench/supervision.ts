/**
 * What supervision costs the owner.
 *
 * 1. CPU: an owner in this process runs two real jobs at once (PocketSphinx on speech made with flite) for a minute; its
 *    own CPU time (getrusage(2)) over that minute, per cent of one core. Everything is in it that an owner does: heartbeats
 *    and their commits, chunks, the log, usage, sweeps.
 * 2. Memory: what the heap and the buffers outside of it hold after a full collection, with no job, and with 1, 2, 4 and 8
 *    jobs whose runners beat and report but do no work. The difference from none to one, and the slope over the rest.
 *
 *     node bench/run.js supervision [--seconds N]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ApiClient } from '../src/api/client.ts';
import { type Owner, startOwner } from '../src/app.ts';
import { loadConfig } from '../src/config/load.ts';
import type { Submission } from '../src/jobs/submission.ts';
import type { Submitted } from '../src/jobs/submit.ts';
import type { JobView } from '../src/jobs/view.ts';
import { PACKAGE_ROOT } from '../src/package-root.ts';
import { folder, interrupted, onStage, stop } from './support/stage.ts';

const CPU_BUDGET_PERCENT = 1;
const BASE_BUDGET_MB = 5;
const JOB_BUDGET_MB = 1;
const JOB_COUNTS = [0, 1, 2, 4, 8];
const SETTLE_MS = 12_000;
const SENTENCE = 'The passengers stayed with us until the morning, and the people of the city were very angry. ';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const seconds = options();
await onStage(async () => {
  const recording = await speak();
  const cpu = await measureCpu(recording);
  const memory = await measureMemory(recording);
  report(cpu, memory);
});

function options(): number {
  try {
    const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' } } });
    const length = Number(values.seconds);
    if (length >= 10) return length;
    throw new Error('--seconds must be a number from 10 on.');
  } catch (error) {
    return stop(`${(error as Error).message}\nUsage: node bench/run.js supervision [--seconds N]`);
  }
}

/** Long enough for the minute: PocketSphinx takes a second or so for five of speech. */
async function speak(): Promise<string> {
  const text = join(folder, 'speech.txt');
  const file = join(folder, 'speech.wav');
  await writeFile(text, SENTENCE.repeat(200));
  const [code] = await once(spawn('flite', ['-voice', 'slt', '-f', text, '-o', file]), 'close');
  if (code !== 0) throw new Error(`flite ended with ${code}.`);
  return file;
}

async function owned<T>(
  name: string,
  concurrent: number,
  work: (api: ApiClient) => Promise<T>,
  runnerPath?: string,
): Promise<T> {
  const { config } = loadConfig(
    { dataDir: join(folder, name), cacheDir: join(folder, 'cache'), maxConcurrent: concurrent },
    {},
  );
  const owner = await startOwner(config, {
    acceptsJobs: true,
    onWarning: console.error,
    ...(runnerPath ? { runnerPath } : {}),
  });
  if (!owner) throw new Error('Somebody else owns the folder.');
  try {
    return await work(new ApiClient(owner.socketPath));
  } finally {
    await end(owner);
  }
}

async function end(owner: Owner): Promise<void> {
  const closed = owner.close();
  owner.hurry();
  await closed;
}

async function submit(api: ApiClient, path: string): Promise<number> {
  const rest = { model: 'auto', language: 'en', processes: 1, workers: 1, preprocessWorkers: 1, overlapSeconds: 0 };
  const wish: Submission = { path, engine: 'pocketsphinx', ...rest, again: true };
  return (await api.post<Submitted>('/api/jobs', wish)).id;
}

async function measureCpu(recording: string): Promise<number> {
  return await owned('cpu', 2, async (api) => {
    const ids = [await submit(api, recording), await submit(api, recording)];
    await until(api, ids, ({ progress }) => progress > 40);
    const before = process.cpuUsage();
    const startedAt = performance.now();
    await sleep(seconds * 1000, undefined, { signal: interrupted.signal });
    const { user, system } = process.cpuUsage(before);
    const percent = (100 * (user + system)) / 1000 / (performance.now() - startedAt);
    await until(api, ids, ({ status }) => status === 'processing');
    return percent;
  });
}

/** Waits until all of them are so far; fails when one is over, since then there was less to supervise. */
async function until(api: ApiClient, ids: number[], reached: (job: JobView) => boolean): Promise<void> {
  for (const id of ids) {
    for (;;) {
      const job = await api.get<JobView>(`/api/jobs/${id}`);
      if (job.status === 'completed' || job.status === 'failed') throw new Error(`Job ${id} is ${job.status} already.`);
      if (reached(job)) break;
      await sleep(500, undefined, { signal: interrupted.signal });
    }
  }
}

async function measureMemory(recording: string): Promise<number[]> {
  process.env.MISBEHAVIOUR = 'works for ever';
  const runner = join(PACKAGE_ROOT, 'test', 'fixtures', 'runners', 'as-asked.js');
  const held: number[] = [];
  for (const count of JOB_COUNTS) {
    const bytes = await owned(
      `memory-${count}`,
      Math.max(1, count),
      async (api) => {
        for (let n = 0; n < count; n += 1) await submit(api, recording);
        await sleep(SETTLE_MS, undefined, { signal: interrupted.signal });
        return heldBytes();
      },
      runner,
    );
    held.push(bytes);
  }
  return held;
}

function heldBytes(): number {
  for (let n = 0; n < 3; n += 1) collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function report(cpuPercent: number, held: number[]): void {
  const mb = held.map((bytes) => bytes / 2 ** 20);
  const [none = 0, one = 0] = mb;
  const perJob = ((mb.at(-1) as number) - one) / ((JOB_COUNTS.at(-1) as number) - 1);
  console.log(`CPU at two running jobs: ${cpuPercent.toFixed(2)} % of a core, budget < ${CPU_BUDGET_PERCENT} %`);
  console.log(
    `Memory held: ${mb.map((value, index) => `${JOB_COUNTS[index]} jobs ${value.toFixed(2)} MB`).join(', ')}`,
  );
  console.log(
    `The first job: ${(one - none).toFixed(2)} MB, budget ≤ ${BASE_BUDGET_MB + JOB_BUDGET_MB} MB; each further one: ${perJob.toFixed(3)} MB, budget ≤ ${JOB_BUDGET_MB} MB`,
  );
  const within =
    cpuPercent < CPU_BUDGET_PERCENT && one - none <= BASE_BUDGET_MB + JOB_BUDGET_MB && perJob <= JOB_BUDGET_MB;
  console.log(`Verdict: ${within ? 'within budget' : 'OVER BUDGET'}`);
  process.exitCode = within ? 0 : 1;
}
