/**
 * How long one waits at the beginning.
 *
 * 1. `node bin/longhand.js --version` against `node -e 0`, in turns. The first starts Node, sees that the set-up is
 *    done, and starts the build; the second is what Node itself takes, so their ratio says what Longhand adds.
 * 2. From handing in a job to the first line of its runner in the job's log, seen from outside: the clock starts just
 *    before `POST /api/jobs` is sent to the owner's socket and stops when the log file holds a line that came from the
 *    runner (what the supervisor writes there before it forks does not count). In between: the request, the checks, the
 *    job's row, the claim, the fork, the start of Node, the order, the line. Jobs are handed in one after another, each
 *    when the last one is completed.
 *
 *    The owner is a real `longhand transcribe` whose own job costs nothing: its engine is a server, run by this bench,
 *    that takes the sound and does not answer. The log is looked at every millisecond.
 *
 * The medians count: the longest times are those of whoever else had the core at that moment, and are printed beside.
 * Where `node -e 0` alone takes longer than the budget of `--version`, the machine is busy with other things: then that
 * part of the verdict goes by the time of the processor (the mean, since the system counts it in steps of 10 ms), and
 * says so.
 *
 *     node bench/run.js start-up [--runs N] [--submits N]
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ApiClient } from '../src/api/client.ts';
import { socketPathFor } from '../src/api/socket-path.ts';
import { isAtRest } from '../src/domain/job.ts';
import type { Submission } from '../src/jobs/submission.ts';
import type { Submitted } from '../src/jobs/submit.ts';
import type { JobView } from '../src/jobs/view.ts';
import { PACKAGE_ROOT } from '../src/package-root.ts';
import { readStat } from '../src/supervisor/identity.ts';
import { folder, interrupted, median, onStage, program, stop } from './support/stage.ts';

const FULL = { runs: 21, submits: 15 };
const BUDGET_MS = { version: 120, firstLine: 400 };
const WARM_UP = 2;
const MS_PER_TICK = 10;
const LOOK_EVERY_MS = 1;
const PATIENCE_MS = 60_000;
/** A time, a level, and a source that is not the supervisor. */
const RUNNER_LINE = /^\S+ [A-Z]+ +(?!supervisor)\S/m;

const { runs, submits } = options();
const command = join(PACKAGE_ROOT, 'bin', 'longhand.js');
const dataDir = join(folder, 'data');
const recording = join(folder, 'greeting.wav');
await onStage(async () => {
  const version = await measureVersion();
  const firstLine = await measureFirstLines();
  report(version, firstLine);
});

interface Starts {
  wallMs: number[];
  cpuMs: number;
}

interface Version {
  longhand: Starts;
  node: Starts;
}

function options(): typeof FULL {
  try {
    const { values } = parseArgs({ options: { runs: { type: 'string' }, submits: { type: 'string' } } });
    return { runs: count('runs', values.runs), submits: count('submits', values.submits) };
  } catch (error) {
    return stop(`${(error as Error).message}\nUsage: node bench/run.js start-up [--runs N] [--submits N]`);
  }
}

function count(name: keyof typeof FULL, given: string | undefined): number {
  const value = Number(given ?? FULL[name]);
  if (Number.isInteger(value) && value >= 1 && value <= 1000) return value;
  throw new Error(`--${name} must be a whole number from 1 to 1000.`);
}

async function measureVersion(): Promise<Version> {
  const taken: Version = { longhand: { wallMs: [], cpuMs: 0 }, node: { wallMs: [], cpuMs: 0 } };
  for (let run = 0; run < WARM_UP + runs; run++) {
    const counts = run >= WARM_UP;
    start([command, '--version'], counts ? taken.longhand : undefined);
    start(['-e', '0'], counts ? taken.node : undefined);
    // Lets an interrupt through.
    await sleep(0, undefined, { signal: interrupted.signal });
  }
  return taken;
}

function start(args: string[], into: Starts | undefined): void {
  const cpuBefore = childCpuMs();
  const started = performance.now();
  const options = { cwd: folder, env: environment(), encoding: 'utf8' } as const;
  const { status, signal, stderr } = spawnSync(process.execPath, args, options);
  const wallMs = performance.now() - started;
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${signal ?? status}: ${stderr}`);
  into?.wallMs.push(wallMs);
  if (into) into.cpuMs += (childCpuMs() - cpuBefore) / runs;
}

function childCpuMs(): number {
  return (readStat(process.pid)?.childCpuTicks ?? 0) * MS_PER_TICK;
}

function environment(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const config = join(folder, 'config.toml');
  writeFileSync(config, '');
  const ours = Object.entries(process.env).filter(([name]) => !/^(LONGHAND_|MAX_)/.test(name));
  const folders = { LONGHAND_DATA: dataDir, LONGHAND_CACHE: join(folder, 'cache'), LONGHAND_CONFIG: config };
  return { ...Object.fromEntries(ours), ...folders, TMPDIR: folder, ...more };
}

async function measureFirstLines(): Promise<number[]> {
  await speak();
  const server = await startSilentServer();
  const owner = startOwner(server);
  const ended = Promise.all([once(owner, 'close'), text(owner.stderr as Readable)]);
  const failed = ended.then(([, stderr]) => {
    throw new Error(`The owner ended too early:\n${stderr}`);
  });
  try {
    return await Promise.race([submitAll(server), failed]);
  } finally {
    failed.catch(() => undefined);
    owner.kill('SIGINT');
    await ended.catch(() => undefined);
    server.closeAllConnections();
    server.close();
  }
}

async function speak(): Promise<void> {
  const args = ['-voice', 'slt', '-t', 'Good morning, everybody.', '-o', recording];
  const [code] = await once(spawn('flite', args, { signal: interrupted.signal }), 'close');
  if (code !== 0) throw new Error(`flite ended with ${code}.`);
}

/** Says that it is there and lets whoever sends sound wait; tells of it as `waiting`. */
async function startSilentServer(): Promise<Server> {
  const server = createServer((request, response) => {
    if (request.method === 'GET') response.end('{}');
    else server.emit('waiting');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return server;
}

function startOwner(server: Server): ChildProcess {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  return spawn(process.execPath, [program, 'transcribe', recording, '--engine', 'openai', '--language', 'en'], {
    cwd: folder,
    env: environment({ LONGHAND_OPENAI_URL: url, LONGHAND_CHUNK_TIMEOUT: '3600' }),
    stdio: ['ignore', 'ignore', 'pipe'],
    signal: interrupted.signal,
    killSignal: 'SIGKILL',
  });
}

async function submitAll(server: Server): Promise<number[]> {
  await once(server, 'waiting', { signal: interrupted.signal });
  const api = new ApiClient(socketPathFor(dataDir, folder));
  const taken: number[] = [];
  for (let n = 0; n < WARM_UP + submits; n++) {
    const ms = await submitOne(api);
    if (n >= WARM_UP) taken.push(ms);
  }
  return taken;
}

async function submitOne(api: ApiClient): Promise<number> {
  const wish: Submission = {
    ...{ path: recording, engine: 'pocketsphinx', model: 'auto', language: 'en' },
    ...{ processes: 1, workers: 1, preprocessWorkers: 1, overlapSeconds: 0, again: true },
  };
  const started = performance.now();
  const { id } = await api.post<Submitted>('/api/jobs', wish);
  await waitForRunnerLine(join(dataDir, 'logs', `transcribe_job_${id}.log`));
  const ms = performance.now() - started;
  await waitUntilDone(api, id);
  return ms;
}

async function waitForRunnerLine(log: string): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!RUNNER_LINE.test(contentOf(log))) {
    if (performance.now() > deadline) throw new Error(`No line of the runner came:\n${contentOf(log)}`);
    await sleep(LOOK_EVERY_MS, undefined, { signal: interrupted.signal });
  }
}

function contentOf(log: string): string {
  return existsSync(log) ? readFileSync(log, 'utf8') : '';
}

async function waitUntilDone(api: ApiClient, id: number): Promise<void> {
  for (;;) {
    const { status, error } = await api.get<JobView>(`/api/jobs/${id}`);
    if (status === 'completed') return;
    if (isAtRest(status)) throw new Error(`Job ${id} is ${status}: ${error?.message}`);
    await sleep(20, undefined, { signal: interrupted.signal });
  }
}

function report({ longhand, node }: Version, firstLine: number[]): void {
  const ratio = median(longhand.wallMs.map((ms, run) => ms / (node.wallMs[run] as number)));
  console.log(`${runs} starts each, ${submits} jobs, in ms\n`);
  console.log(`${''.padEnd(40)}   p50     min–max   CPU   budget`);
  console.log(row('node -e 0', node.wallMs, node.cpuMs));
  console.log(`${row('node bin/longhand.js --version', longhand.wallMs, longhand.cpuMs)}   ≤ ${BUDGET_MS.version}`);
  console.log(`${row('submit → first log line of the runner', firstLine)}   < ${BUDGET_MS.firstLine}`);
  console.log(`\n--version over node -e 0: ${ratio.toFixed(2)}`);
  const busy = median(node.wallMs) > BUDGET_MS.version;
  const versionMs = busy ? longhand.cpuMs : median(longhand.wallMs);
  const within = versionMs <= BUDGET_MS.version && median(firstLine) < BUDGET_MS.firstLine;
  const why = busy ? ', --version by CPU time, since this machine is busy with other things' : '';
  const small = runs < FULL.runs || submits < FULL.submits ? ' (a small run)' : '';
  console.log(`Verdict: ${within ? 'within budget' : 'OVER BUDGET'}${why}${small}`);
  process.exitCode = within ? 0 : 1;
}

function row(name: string, values: number[], cpuMs?: number): string {
  const spread = `${Math.min(...values).toFixed(0)}–${Math.max(...values).toFixed(0)}`;
  const cpu = (cpuMs?.toFixed(0) ?? '').padStart(5);
  return `${name.padEnd(40)} ${median(values).toFixed(0).padStart(5)} ${spread.padStart(11)} ${cpu}`;
}
