/**
 * What the service costs while nobody needs it, and how long one waits for it.
 *
 * 1. Start to ready, with many jobs in the database after a clean stop: from just before `longhand serve` is started (the
 *    built program, as `longhand start` starts it) to the first `/readyz` that answers 200, asked every few milliseconds at an
 *    address chosen before. The median of several starts. The database is as after ten years of use: most jobs done,
 *    some failed, one in ten waiting, so that finding out what to do first is part of it; the queue is paused, so that
 *    nothing begins.
 * 2. Idle: resident memory and CPU time of that process over a minute in which nothing happens, after half a minute for what
 *    a start leaves to be done. CPU as the system counts it (proc(5), in ticks of 10 ms), per cent of one core.
 *
 * Beside the start `node -e 0` is measured in turns, since on a busy machine both wait for the core. Where that alone takes
 * more than 120 ms the verdict on the start goes by the CPU time of the process until it is ready, and says so.
 *
 *     node bench/run.js service [--jobs N] [--starts N] [--seconds N]
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { systemClock } from '../src/domain/clock.ts';
import { openStore } from '../src/store/open.ts';
import { pauseQueue } from '../src/store/queue-state.ts';
import { readStat } from '../src/supervisor/identity.ts';
import { fillWithJobs } from './support/jobs.ts';
import { folder, interrupted, median, onStage, ownEnvironment, program, stop } from './support/stage.ts';

const FULL = { jobs: 1_000_000, starts: 7, seconds: 60 };
const READY_BUDGET_MS = 700;
const RSS_BUDGET_MB = 130;
const CPU_BUDGET_PERCENT = 0.2;
const QUIET_NODE_MS = 120;
const SETTLE_SECONDS = 30;
const MS_PER_TICK = 10;
const PAGE_BYTES = 4096;
const ASK_EVERY_MS = 3;

const { jobs, starts, seconds } = options();
const env = ownEnvironment();

interface Started {
  child: ChildProcess;
  readyMs: number;
  cpuMs: number;
}

await onStage(async () => {
  const file = join(env.LONGHAND_DATA as string, 'longhand.db');
  const port = await freePort();
  await (await begin(port)).end();
  fillWithJobs(file, jobs);
  const store = await openStore({ file, clock: systemClock });
  await pauseQueue(store, { by: 'user', actor: 'bench' });
  await store.close();

  const [ready, cpu, node]: number[][] = [[], [], []];
  for (let n = 0; n <= starts; n += 1) {
    const nodeMs = timeNode();
    const { started, end } = await begin(port);
    await end();
    // The first one brings the database into the system's cache.
    if (n === 0) continue;
    ready?.push(started.readyMs);
    cpu?.push(started.cpuMs);
    node?.push(nodeMs);
  }
  const { started, end } = await begin(port);
  const idle = await measureIdle(started.child.pid as number);
  await end();
  report({ ready: ready as number[], cpu: cpu as number[], node: node as number[] }, idle);
});

function options(): typeof FULL {
  try {
    const { values } = parseArgs({
      options: { jobs: { type: 'string' }, starts: { type: 'string' }, seconds: { type: 'string' } },
    });
    return {
      jobs: whole('jobs', values.jobs),
      starts: whole('starts', values.starts),
      seconds: whole('seconds', values.seconds),
    };
  } catch (error) {
    return stop(`${(error as Error).message}\nUsage: node bench/run.js service [--jobs N] [--starts N] [--seconds N]`);
  }
}

function whole(name: keyof typeof FULL, given: string | undefined): number {
  const value = Number(given ?? FULL[name]);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new Error(`--${name} must be a whole number from 1 on.`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address ? address.port : 0;
}

async function begin(port: number): Promise<{ started: Started; end(): Promise<void> }> {
  const from = performance.now();
  const child = spawn(process.execPath, [program, 'serve', '--port', String(port)], {
    cwd: folder,
    env: { ...env, LONGHAND_ENGINE: 'pocketsphinx' },
    stdio: 'ignore',
  });
  const ended = once(child, 'exit');
  while (!(await isReady(port))) {
    if (child.exitCode !== null) throw new Error(`The service ended with ${child.exitCode}.`);
    await sleep(ASK_EVERY_MS, undefined, { signal: interrupted.signal });
  }
  const started = { child, readyMs: performance.now() - from, cpuMs: cpuMsOf(child.pid as number) };
  const end = async () => {
    child.kill('SIGTERM');
    await ended;
  };
  return { started, end };
}

async function isReady(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/readyz`)).status === 200;
  } catch {
    // Nobody listens yet.
    return false;
  }
}

function timeNode(): number {
  const from = performance.now();
  spawnSync(process.execPath, ['-e', '0']);
  return performance.now() - from;
}

async function measureIdle(pid: number): Promise<{ rssMb: number; cpuPercent: number }> {
  await sleep(Math.min(SETTLE_SECONDS, seconds) * 1000, undefined, { signal: interrupted.signal });
  const before = cpuMsOf(pid);
  const from = performance.now();
  await sleep(seconds * 1000, undefined, { signal: interrupted.signal });
  const cpuPercent = (100 * (cpuMsOf(pid) - before)) / (performance.now() - from);
  return { rssMb: ((readStat(pid)?.rssPages ?? 0) * PAGE_BYTES) / 2 ** 20, cpuPercent };
}

function cpuMsOf(pid: number): number {
  return (readStat(pid)?.cpuTicks ?? 0) * MS_PER_TICK;
}

function report(
  { ready, cpu, node }: { ready: number[]; cpu: number[]; node: number[] },
  { rssMb, cpuPercent }: { rssMb: number; cpuPercent: number },
): void {
  const busy = median(node) > QUIET_NODE_MS;
  const spread = `${Math.min(...ready).toFixed(0)}–${Math.max(...ready).toFixed(0)}`;
  console.log(`${jobs.toLocaleString('en')} jobs, ${starts} starts, ${seconds} s idle\n`);
  console.log(
    `start to ready   p50 ${median(ready).toFixed(0)} ms (${spread}), CPU ${median(cpu).toFixed(0)} ms; node -e 0 ${median(node).toFixed(0)} ms, ratio ${(median(ready) / median(node)).toFixed(1)}; budget < ${READY_BUDGET_MS} ms`,
  );
  console.log(`idle memory      ${rssMb.toFixed(1)} MB; budget ≤ ${RSS_BUDGET_MB} MB`);
  console.log(`idle CPU         ${cpuPercent.toFixed(2)} % of a core; budget ≤ ${CPU_BUDGET_PERCENT} %`);
  const startMs = median(busy ? cpu : ready);
  const within = startMs < READY_BUDGET_MS && rssMb <= RSS_BUDGET_MB && cpuPercent <= CPU_BUDGET_PERCENT;
  const why = busy ? ', the start by CPU time, since this machine is busy with other things' : '';
  const small = jobs < FULL.jobs || seconds < FULL.seconds ? ' (a small run)' : '';
  console.log(`Verdict: ${within ? 'within budget' : 'OVER BUDGET'}${why}${small}`);
  process.exitCode = within ? 0 : 1;
}
