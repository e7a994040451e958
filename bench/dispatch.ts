/**
 * The queue alone: jobs that do nothing, accepted, claimed and finished, each step durable. Beside it BullMQ on Redis
 * that syncs every write to the same disk (`appendfsync always`), doing the same.
 *
 * One after another: the next job is handed in when the last one is finished; this is what the budget speaks of. At
 * once: twenty are under way all the time, which is reported. The two take turns, and the median of the rounds counts.
 *
 * Finished means that the job is `completed`. What an owner writes afterwards, how the run's process ended, has nothing
 * beside it in BullMQ and is left out.
 *
 * BullMQ and Redis are not among Longhand's dependencies. For the comparison:
 *
 *     npm install --no-save bullmq@6.7.0 ioredis@6.0.0    and    apt-get install redis-server
 *     node bench/run.js dispatch [jobs in a round] [rounds]
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { embeddedDispatcher } from '../src/dispatch/embedded.ts';
import { systemClock } from '../src/domain/clock.ts';
import { newLease } from '../src/lease/lease.ts';
import { finishJob, insertJob } from '../src/store/jobs.ts';
import { openStore } from '../src/store/open.ts';
import { claimNext } from '../src/store/queue.ts';
import { QueueGate } from '../src/supervisor/queue-gate.ts';
import { Scheduler } from '../src/supervisor/scheduler.ts';

const JOBS = Number(process.argv[2] ?? 500);
const ROUNDS = Number(process.argv[3] ?? 5);
const AT_ONCE = 20;
const GB = 1024 ** 3;

/** A queue that takes jobs; `add` resolves when the job is accepted, `finished` when it is done. */
interface Contender {
  name: string;
  /** Hands in a job. @returns when it is accepted; its end settles the promise inside */
  add(): Promise<{ finished: Promise<void> }>;
  close(): Promise<void>;
}

const folder = mkdtempSync(join(tmpdir(), 'longhand-bench-'));
const servers = new Set<ChildProcess>();
process.on('exit', () => {
  for (const server of servers) server.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));

const contenders: ((concurrency: number) => Promise<Contender>)[] = [longhand];
const missing = await whatIsMissing();
if (missing) console.log(`Without BullMQ: ${missing}\n`);
else contenders.push(bullmq);

const oneByOne = await compare('One after another', 1);
await compare(`${AT_ONCE} at once`, AT_ONCE);
const [ours, theirs] = oneByOne;
if (ours === undefined || theirs === undefined) console.log('\nNothing to compare with.');
else {
  const ratio = ours / theirs;
  console.log(
    `\n${ratio >= 1 ? 'Within' : 'OVER'} BUDGET: Longhand does ${ratio.toFixed(2)} times what BullMQ does (>= 1).`,
  );
  process.exitCode = ratio >= 1 ? 0 : 1;
}

async function compare(title: string, concurrency: number): Promise<number[]> {
  const rates: number[][] = contenders.map(() => []);
  const names: string[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [index, start] of contenders.entries()) {
      const contender = await start(concurrency);
      names[index] = contender.name;
      await work(contender, 20, concurrency);
      const startedAt = performance.now();
      await work(contender, JOBS, concurrency);
      rates[index]?.push(JOBS / ((performance.now() - startedAt) / 1000));
      await contender.close();
    }
  }
  console.log(`${title}, jobs a second (median of ${ROUNDS} rounds of ${JOBS}):`);
  return rates.map((all, index) => {
    const sorted = [...all].sort((a, b) => a - b);
    const median = sorted[sorted.length >> 1] as number;
    console.log(
      `  ${(names[index] ?? '').padEnd(40)} ${median.toFixed(0).padStart(6)}  (${sorted.map((rate) => rate.toFixed(0)).join(' ')})`,
    );
    return median;
  });
}

async function work(contender: Contender, count: number, concurrency: number): Promise<void> {
  let left = count;
  const hand = async () => {
    while (left > 0) {
      left -= 1;
      await (await contender.add()).finished;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, hand));
}

/** The store, the scheduler and the dispatcher of an owner, with work that does nothing. */
async function longhand(concurrency: number): Promise<Contender> {
  const home = mkdtempSync(join(folder, 'longhand-'));
  const clock = systemClock;
  const store = await openStore({ file: join(home, 'longhand.db'), clock });
  const gate = new QueueGate({ store, clock, diskSpace: async () => ({ freeBytes: GB, totalBytes: GB }) });
  const ends = new Map<number, () => void>();
  const running = new Set<number>();
  const fail = (problem: unknown) => {
    throw problem;
  };
  const scheduler = new Scheduler({
    ...{ store, gate, maxConcurrent: concurrency, capacityBytes: GB },
    freeBytes: () => GB,
    needBytes: async () => 0,
    pauseForHours: () => {},
    wake: () => {},
    tell: () => {},
    onProblem: fail,
  });
  const dispatcher = embeddedDispatcher({
    concurrency: () => concurrency,
    onError: fail,
    claim: async () => {
      const choice = await scheduler.next(
        [...running].map(() => ({ needBytes: 0, usedBytes: 0 })),
        { except: [...running] },
      );
      const claimed = choice && (await claimNext(store, { ...newLease(clock, 'bench'), only: [choice.jobId] }));
      if (!claimed) return undefined;
      const { job, run } = claimed;
      running.add(job.id);
      return async () => {
        await finishJob(store, job.id, run.lease_token, { transcript: '', elapsedSeconds: 0, speed: 0 });
        running.delete(job.id);
        ends.get(job.id)?.();
      };
    },
  });
  return {
    name: 'Longhand on SQLite (synchronous=FULL)',
    add: async () => {
      const id = await insertJob(store, { filename: 'a.flac', actor: 'bench' });
      const finished = new Promise<void>((resolve) => ends.set(id, resolve));
      dispatcher.wake();
      return { finished };
    },
    close: async () => {
      await dispatcher.stop();
      await store.close();
    },
  };
}

async function bullmq(concurrency: number): Promise<Contender> {
  const home = mkdtempSync(join(folder, 'redis-'));
  mkdirSync(home, { recursive: true });
  const port = await freePort();
  const redis = spawn(
    'redis-server',
    [
      ...['--port', String(port), '--bind', '127.0.0.1', '--dir', home, '--save', '', '--appendonly', 'yes'],
      ...['--appendfsync', 'always'],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  servers.add(redis);
  for await (const text of redis.stdout) if (String(text).includes('Ready to accept connections')) break;
  redis.stdout.resume();
  const { Queue, Worker } = await load();
  const connection = { host: '127.0.0.1', port, maxRetriesPerRequest: null };
  const queue = new Queue('bench', { connection });
  const ends = new Map<string, () => void>();
  const worker = new Worker('bench', async () => undefined, { connection, concurrency });
  worker.on('completed', ({ id }) => ends.get(id)?.());
  await worker.waitUntilReady();
  let next = 0;
  return {
    name: 'BullMQ on Redis (appendfsync always)',
    add: async () => {
      next += 1;
      const jobId = `job-${next}`;
      const finished = new Promise<void>((resolve) => ends.set(jobId, resolve));
      await queue.add('nothing', {}, { jobId });
      return { finished };
    },
    close: async () => {
      await worker.close();
      await queue.close();
      redis.kill('SIGTERM');
      await once(redis, 'close');
    },
  };
}

interface BullMq {
  Queue: new (
    name: string,
    options: object,
  ) => { add(name: string, data: object, options: object): Promise<unknown>; close(): Promise<void> };
  Worker: new (
    name: string,
    processor: () => Promise<unknown>,
    options: object,
  ) => {
    on(event: 'completed', heard: (job: { id: string }) => void): void;
    waitUntilReady(): Promise<unknown>;
    close(): Promise<void>;
  };
}

/** The name in a variable, so that the bundler leaves it alone. */
async function load(name = 'bullmq'): Promise<BullMq> {
  return (await import(name)) as BullMq;
}

async function whatIsMissing(): Promise<string | undefined> {
  if (spawnSync('redis-server', ['--version']).error) return 'there is no redis-server.';
  return await load().then(
    () => undefined,
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
      return 'the package bullmq is not installed; see the top of bench/dispatch.ts.';
    },
  );
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
