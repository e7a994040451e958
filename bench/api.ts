/**
 * What a look at a job costs over HTTP: `GET /api/jobs/:id` of a real service, while two real jobs run (PocketSphinx on speech
 * made with flite), beside a bare Fastify route in a process of its own that sends the same JSON. 50 connections are kept
 * open, each asks again as soon as it was answered. Both are asked in turns in the same run, so that whatever else the
 * machine does is shared; the client is the same.
 *
 *     node bench/run.js api [--seconds N] [--rounds N]
 */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openAsBlob } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { JobView } from '../src/jobs/view.ts';
import { PACKAGE_ROOT } from '../src/package-root.ts';
import { folder, interrupted, median, onStage, ownEnvironment, program, stop } from './support/stage.ts';

const CONNECTIONS = 50;
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
    const ours: Load[] = [];
    const theirs: Load[] = [];
    for (let round = 0; round < rounds; round += 1) {
      theirs.push(await load(bareAddress, '/'));
      ours.push(await load(address, path));
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

/** The address that a process says. */
async function addressOf(child: ChildProcess): Promise<string> {
  let said = '';
  for await (const piece of child.stderr ?? []) {
    said += piece;
    const found = /http:\/\/[\d.]+:\d+/.exec(said);
    if (found) return found[0];
  }
  throw new Error(`It ended without an address: ${said}`);
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
  const [text, file] = [join(folder, `${name}.txt`), join(folder, `${name}.wav`)];
  await writeFile(text, `${name}. ${SENTENCE.repeat(Math.ceil(12 * seconds * rounds) + 60)}`);
  const [code] = await once(spawn('flite', ['-voice', 'slt', '-f', text, '-o', file]), 'close');
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
}

/** So many connections, each with one request in flight, for the time of a round. */
async function load(address: string, path: string): Promise<Load> {
  const waits: number[] = [];
  const started = performance.now();
  const until = started + seconds * 1000;
  await Promise.all(Array.from({ length: CONNECTIONS }, () => oneAfterTheOther(new URL(address), path, until, waits)));
  interrupted.signal.throwIfAborted();
  return { perSecond: waits.length / ((performance.now() - started) / 1000), waits };
}

function oneAfterTheOther({ hostname, port }: URL, path: string, until: number, waits: number[]): Promise<void> {
  const request = `GET ${path} HTTP/1.1\r\nhost: ${hostname}:${port}\r\n\r\n`;
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let asked = 0;
    let rest = '';
    const ask = () => {
      if (performance.now() >= until || interrupted.signal.aborted) return socket.end(resolve);
      asked = performance.now();
      return socket.write(request);
    };
    socket.setNoDelay().setEncoding('latin1');
    socket.on('connect', ask).on('error', reject);
    socket.on('data', (piece) => {
      rest += piece;
      const head = rest.indexOf('\r\n\r\n');
      if (head < 0) return;
      const length = Number(/content-length: (\d+)/i.exec(rest)?.[1]);
      if (rest.length < head + 4 + length) return;
      if (!rest.startsWith('HTTP/1.1 200')) return reject(new Error(rest.slice(0, 500)));
      rest = '';
      waits.push(performance.now() - asked);
      ask();
    });
  });
}

function report(ours: Load[], theirs: Load[], bytes: number): void {
  const line = (name: string, loads: Load[]) => {
    const sorted = loads.flatMap(({ waits }) => waits).sort((a, b) => a - b);
    const p99 = sorted[Math.floor(sorted.length * 0.99)] as number;
    const perSecond = median(loads.map((each) => each.perSecond));
    const figures = [perSecond.toFixed(0), median(sorted).toFixed(2), p99.toFixed(2)];
    console.log(`${name.padEnd(32)}${figures.map((figure) => figure.padStart(10)).join('')}`);
    return { perSecond, p99 };
  };
  console.log(
    `${CONNECTIONS} connections, ${bytes} bytes of JSON, ${rounds} rounds of ${seconds} s, two jobs running\n`,
  );
  console.log(`${''.padEnd(32)}${['per s', 'p50 ms', 'p99 ms'].map((title) => title.padStart(10)).join('')}`);
  const bare = line('bare Fastify route', theirs);
  const service = line('GET /api/jobs/:id', ours);
  const ratio = service.perSecond / bare.perSecond;
  const within = ratio >= BUDGET.ratio && service.p99 < BUDGET.p99Ms;
  console.log(
    `\nratio ${ratio.toFixed(2)} (budget ≥ ${BUDGET.ratio}), p99 ${service.p99.toFixed(1)} ms (budget < ${BUDGET.p99Ms})`,
  );
  console.log(`Verdict: ${within ? 'within budget' : 'OVER BUDGET'}`);
  process.exitCode = within ? 0 : 1;
}
