/**
 * What a look at a job costs over HTTP: `GET /api/jobs/:id` of a real service, while two real jobs run (PocketSphinx on speech
 * made with flite), beside a bare Fastify route in a process of its own that sends the same JSON. 50 connections are kept
 * open, each asks again as soon as it was answered. Both are asked in turns in the same run, so that whatever else the
 * machine does is shared; the client is the same, and a process of its own. On two cores the two jobs, which stand back
 * (LONGHAND_NICE), the client and whoever is asked share them. Linux, for the CPU time.
 *
 *     node bench/run.js api [--seconds N] [--rounds N]
 */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openAsBlob } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import type { JobView } from '../src/jobs/view.ts';
import { PACKAGE_ROOT } from '../src/package-root.ts';
import { readStat } from '../src/supervisor/identity.ts';
import { addressOf } from './support/service.ts';
import { folder, interrupted, median, onStage, ownEnvironment, program, stop } from './support/stage.ts';

const CONNECTIONS = 50;
const WARM_UP_SECONDS = 2;
/** Linux counts in hundredths of a second, whatever the kernel (proc(5)). */
const US_PER_TICK = 10_000;
const BUDGET = { ratio: 0.6, p99Ms: 25 };
const SENTENCE = 'The passengers stayed with us until the morning, and the people of the city were very angry. ';

const { seconds, rounds } = options();
await onStage(async () => {
  const service = spawn(process.execPath, [program, 'serve', '--port', '0'], { env: ownEnvironment() });
  let bare: ChildProcess | undefined;
  try {
    const address = await addressOf(service);
    const ids = [await handIn(address, 'one'), await handIn(address, 'two')];
    await Promise.all(ids.map((id) => untilRunning(address, id)));
    const path = `/api/jobs/${ids[0]}`;
    const json = await (await fetch(address + path)).text();
    bare = await bareServer(json);
    const bareAddress = await addressOf(bare);
    // Neither is measured while its code is still being compiled.
    await load(bare, bareAddress, '/', WARM_UP_SECONDS);
    await load(service, address, path, WARM_UP_SECONDS);
    const ours: Load[] = [];
    const theirs: Load[] = [];
    for (let round = 0; round < rounds; round += 1) {
      theirs.push(await load(bare, bareAddress, '/'));
      ours.push(await load(service, address, path));
    }
    for (const id of ids) {
      const { status } = (await (await fetch(`${address}/api/jobs/${id}`)).json()) as JobView;
      if (status !== 'processing') stop(`Job ${id} is ${status}: the measurement was longer than the work.`);
    }
    report(ours, theirs, json.length);
  } finally {
    for (const child of [service, bare]) {
      if (!child || child.exitCode !== null) continue;
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
  }
});

function options(): { seconds: number; rounds: number } {
  const { values } = parseArgs({
    options: { seconds: { type: 'string', default: '5' }, rounds: { type: 'string', default: '5' } },
  });
  const [length, times] = [Number(values.seconds), Number(values.rounds)];
  if (!(length > 0) || !Number.isInteger(times) || times < 1)
    stop('Usage: node bench/run.js api [--seconds N] [--rounds N]');
  return { seconds: length, rounds: times };
}

async function bareServer(json: string): Promise<ChildProcess> {
  const file = join(PACKAGE_ROOT, 'node_modules', '.cache', `bench-bare-${process.pid}.mjs`);
  await writeFile(
    file,
    `import Fastify from 'fastify';
import { rmSync } from 'node:fs';
rmSync(new URL(import.meta.url));
const server = Fastify();
const answer = ${json};
server.get('/', async () => answer);
console.error(await server.listen({ port: 0, host: '127.0.0.1' }));
process.on('SIGTERM', () => process.exit());
`,
  );
  return fork(file, { stdio: ['ignore', 'inherit', 'pipe', 'ipc'], execArgv: [] });
}

/** Long enough for the measurement. */
async function handIn(address: string, name: string): Promise<number> {
  const [words, file] = [join(folder, `${name}.txt`), join(folder, `${name}.wav`)];
  await writeFile(words, `${name}. ${SENTENCE.repeat(Math.ceil(12 * seconds * rounds) + 60)}`);
  const [code] = await once(spawn('flite', ['-voice', 'slt', '-f', words, '-o', file]), 'close');
  if (code !== 0) throw new Error(`flite ended with ${code}.`);
  const form = new FormData();
  const wish = { engine: 'pocketsphinx', language: 'en', processes: '1', workers: '1' };
  for (const [key, value] of Object.entries(wish)) form.append(key, value);
  form.append('file', await openAsBlob(file), `${name}.wav`);
  const response = await fetch(`${address}/api/jobs`, { method: 'POST', body: form });
  const { id, detail } = (await response.json()) as { id: number; detail?: string };
  if (detail) stop(detail);
  return id;
}

async function untilRunning(address: string, id: number): Promise<void> {
  const response = await fetch(`${address}/api/jobs/${id}/events`);
  let said = '';
  for await (const piece of response.body ?? []) {
    said += Buffer.from(piece as Uint8Array).toString();
    if (said.includes('"chunks":')) return;
    interrupted.signal.throwIfAborted();
  }
}

interface Load {
  perSecond: number;
  /** Milliseconds, one for each request. */
  waits: number[];
  /** Microseconds of CPU that the asked process took for a request, in all its threads. */
  cpuUs: number;
}

/** So many connections, each with one request in flight, for the time of a round. The one who asks is a process of its own. */
async function load(child: ChildProcess, address: string, path: string, length = seconds): Promise<Load> {
  const cpuBefore = cpuUsOf(child);
  const wanted = [address, path, String(length), String(CONNECTIONS)];
  const asking = spawn(process.execPath, [join(PACKAGE_ROOT, 'bench/support/asking.js'), ...wanted], {
    stdio: ['ignore', 'pipe', 'inherit'],
    signal: interrupted.signal,
  });
  const [answer] = await Promise.all([text(asking.stdout), once(asking, 'close')]);
  const { waits, seconds: took } = JSON.parse(answer) as { waits: number[]; seconds: number };
  return { waits, perSecond: waits.length / took, cpuUs: (cpuUsOf(child) - cpuBefore) / waits.length };
}

function cpuUsOf({ pid = 0 }: ChildProcess): number {
  return (readStat(pid)?.cpuTicks ?? 0) * US_PER_TICK;
}

function report(ours: Load[], theirs: Load[], bytes: number): void {
  const line = (name: string, loads: Load[]) => {
    const sorted = loads.flatMap(({ waits }) => waits).sort((a, b) => a - b);
    const p99 = sorted[Math.floor(sorted.length * 0.99)] as number;
    const perSecond = median(loads.map((each) => each.perSecond));
    const cpuUs = median(loads.map((each) => each.cpuUs));
    const figures = [perSecond.toFixed(0), median(sorted).toFixed(2), p99.toFixed(2), cpuUs.toFixed(1)];
    console.log(`${name.padEnd(32)}${figures.map((figure) => figure.padStart(10)).join('')}`);
    return { perSecond, p99, cpuUs };
  };
  console.log(
    `${CONNECTIONS} connections, ${bytes} bytes of JSON, ${rounds} rounds of ${seconds} s, two jobs running\n`,
  );
  console.log(`${''.padEnd(32)}${['per s', 'p50 ms', 'p99 ms', 'CPU µs'].map((title) => title.padStart(10)).join('')}`);
  const bare = line('bare Fastify route', theirs);
  const service = line('GET /api/jobs/:id', ours);
  const ratio = service.perSecond / bare.perSecond;
  const within = ratio >= BUDGET.ratio && service.p99 < BUDGET.p99Ms;
  console.log(
    `\nratio ${ratio.toFixed(2)} (budget ≥ ${BUDGET.ratio}), p99 ${service.p99.toFixed(1)} ms (budget < ${BUDGET.p99Ms})`,
  );
  console.log(
    `by CPU time, on which other programs have less influence: ratio ${(bare.cpuUs / service.cpuUs).toFixed(2)}`,
  );
  console.log(`Verdict: ${within ? 'within budget' : 'OVER BUDGET'}`);
  process.exitCode = within ? 0 : 1;
}
