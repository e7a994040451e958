/**
 * The memory of a job's page while the log of the job grows, in a real Chromium before a real service.
 *
 * `longhand serve` works on a real job whose engine is a transcription server, which this process plays: it answers each chunk
 * after half a second. So the runner writes four lines of log a second, as a busy job does, for as long as it takes, and hardly
 * any processor is used. The page follows the log all the time, as somebody sees it who leaves it open.
 *
 * Every so often garbage is collected, and then is told what is left: the heap of scripts, nodes and listeners (DevTools protocol:
 * `HeapProfiler.collectGarbage`, `Performance.getMetrics`), and how many lines the page holds. From a sixth of the time (minute 10 of 60)
 * to the end the heap may grow to 1.1 times what it was.
 *
 *     node bench/run.js page-log [--minutes N]
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openAsBlob } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type CDPSession, chromium } from 'playwright-core';
import { findProgram } from '../src/native/spawn.ts';
import { addressOf } from './support/service.ts';
import { folder, interrupted, onStage, ownEnvironment, program, stop } from './support/stage.ts';

const DEFAULT_MINUTES = 5;
const GROWTH_BUDGET = 1.1;
/** Looks in the whole time; the first figure that counts is that after a sixth of it. */
const LOOKS = 30;
const CHUNK_SECONDS = 3;
/** What the transcription server takes for a chunk. Its run writes two lines for each. */
const ANSWER_MS = 500;
/** Hours of speech are decoded first. */
const PREPARED_MS = 600_000;
const SENTENCE = 'The passengers stayed with us until the morning. ';

const minutes = options();
await onStage(measureAll);

async function measureAll(): Promise<void> {
  const executablePath = findProgram('chromium');
  if (executablePath === undefined) return stop('There is no Chromium. Run: node scripts/setup.js --for-tests');
  const recording = await speak();
  const server = await transcriptionServer();
  const { port } = server.address() as AddressInfo;
  const service = spawn(process.execPath, [program, 'serve', '--port', '0'], {
    env: { ...ownEnvironment(), LONGHAND_OPENAI_URL: `http://127.0.0.1:${port}/v1` },
  });
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
  try {
    const address = await addressOf(service);
    const job = await handIn(address, recording);
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    await page.goto(`${address}/jobs/${job}`);
    await page.getByRole('log').getByText('Processing chunk').first().waitFor({ timeout: PREPARED_MS });
    report(await watch(await page.context().newCDPSession(page), `${address}/api/jobs/${job}/log?lines=1`));
  } finally {
    await browser.close();
    await end(service);
    server.closeAllConnections();
    server.close();
  }
}

function options(): number {
  try {
    const { values } = parseArgs({ options: { minutes: { type: 'string' } } });
    const value = Number(values.minutes ?? DEFAULT_MINUTES);
    if (value >= 1 && value <= 600) return value;
    throw new Error(`"${values.minutes}" is not a number of minutes, 1 at least.`);
  } catch (error) {
    return stop(`${(error as Error).message}\nUsage: node bench/run.js page-log [--minutes N]`);
  }
}

/** Speech for a job that is not done before the time is over: a few sentences, again and again. */
async function speak(): Promise<string> {
  const few = join(folder, 'few.wav');
  const file = join(folder, 'speech.wav');
  await run('flite', ['-voice', 'slt', '-t', SENTENCE.repeat(20), '-o', few]);
  const seconds = (minutes + 2) * 60 * (1000 / ANSWER_MS) * CHUNK_SECONDS;
  await run('ffmpeg', ['-v', 'error', '-stream_loop', '-1', '-i', few, '-c', 'copy', '-t', String(seconds), file]);
  return file;
}

async function run(command: string, args: string[]): Promise<void> {
  const [code] = await once(spawn(command, args, { stdio: 'inherit' }), 'close');
  if (code !== 0) throw new Error(`${command} ended with ${code}.`);
}

/** What OpenAI's clients expect, with the same words for every recording. */
async function transcriptionServer(): Promise<Server> {
  const words = SENTENCE.trim().split(' ');
  const answer = JSON.stringify({
    ...{ task: 'transcribe', language: 'english', duration: CHUNK_SECONDS, text: SENTENCE.trim() },
    words: words.map((word, at) => ({ word, start: at * 0.3, end: at * 0.3 + 0.25 })),
  });
  const server = createServer(async (request, response) => {
    request.resume();
    await once(request, 'end');
    if (request.method === 'POST') await sleep(ANSWER_MS, undefined, { ref: false });
    response.setHeader('content-type', 'application/json').end(request.method === 'POST' ? answer : '{"data":[]}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function handIn(address: string, recording: string): Promise<number> {
  const form = new FormData();
  const wish = { engine: 'openai', language: 'en', processes: '1', chunkDurationSeconds: String(CHUNK_SECONDS) };
  for (const [name, value] of Object.entries(wish)) form.append(name, value);
  form.append('file', await openAsBlob(recording), 'speech.wav');
  const response = await fetch(`${address}/api/jobs`, { method: 'POST', body: form });
  const { id, detail } = (await response.json()) as { id: number; detail?: string };
  return detail === undefined ? id : stop(detail);
}

interface Look {
  minute: number;
  heapBytes: number;
  nodes: number;
  listeners: number;
  /** That the page holds. */
  lines: number;
  /** The last line on the page. */
  last: string;
  /** As long is the log by now. */
  logBytes: number;
}

async function watch(devTools: CDPSession, log: string): Promise<Look[]> {
  await devTools.send('Performance.enable');
  const began = performance.now();
  const looks: Look[] = [];
  for (let n = 0; n <= LOOKS; n += 1) {
    const due = began + (n / LOOKS) * minutes * 60_000;
    await sleep(Math.max(0, due - performance.now()), undefined, { signal: interrupted.signal });
    const { headers } = await fetch(log);
    const logBytes = Number(headers.get('x-log-position'));
    const look = { minute: (performance.now() - began) / 60_000, logBytes, ...(await lookAt(devTools)) };
    if (look.last === looks.at(-1)?.last) throw new Error('The log on the page does not go on.');
    console.log(inWords(look));
    looks.push(look);
  }
  return looks;
}

async function lookAt(devTools: CDPSession): Promise<Omit<Look, 'minute' | 'logBytes'>> {
  await devTools.send('HeapProfiler.collectGarbage');
  const { metrics } = await devTools.send('Performance.getMetrics');
  const metric = (name: string) => metrics.find((one) => one.name === name)?.value ?? Number.NaN;
  // The page follows the log, so the last row that is drawn is the last line.
  const expression = `(() => {
    const last = [...document.querySelectorAll('[role=log] [data-index]')].at(-1);
    return { lines: Number(last?.dataset.index) + 1, last: last?.textContent ?? '' };
  })()`;
  const { result } = await devTools.send('Runtime.evaluate', { expression, returnByValue: true });
  return {
    heapBytes: metric('JSHeapUsedSize'),
    nodes: metric('Nodes'),
    listeners: metric('JSEventListeners'),
    ...(result.value as { lines: number; last: string }),
  };
}

function inWords({ minute, heapBytes, nodes, listeners, lines, logBytes }: Look): string {
  const heap = (heapBytes / 1e6).toFixed(2);
  return `minute ${minute.toFixed(1)}: heap ${heap} MB, ${nodes} nodes, ${listeners} listeners, ${lines} lines held of a log of ${(logBytes / 1e6).toFixed(2)} MB`;
}

function report(looks: readonly Look[]): void {
  const early = looks[LOOKS / 6];
  const late = looks.at(-1);
  if (!early || !late) throw new Error('Too little was looked at.');
  const growth = late.heapBytes / early.heapBytes;
  console.log(
    `heap from minute ${early.minute.toFixed(0)} to the end: ${growth.toFixed(3)} × (budget ${GROWTH_BUDGET})`,
  );
  console.log(
    `nodes ${(late.nodes / early.nodes).toFixed(2)} ×, listeners ${(late.listeners / early.listeners).toFixed(2)} ×`,
  );
  process.exitCode = growth <= GROWTH_BUDGET ? 0 : 1;
}

async function end(service: ChildProcess): Promise<void> {
  service.kill('SIGTERM');
  await once(service, 'close');
}
