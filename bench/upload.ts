/**
 * One large upload as a form to `longhand serve`, and the same bytes to a bare Node server that streams its request into a
 * file and syncs it, in turns, each server in a process of its own.
 *
 * The clock runs from the first byte that is sent to the answer: by then both have the file safe on the disk. Longhand has
 * taken the form apart and hashed the recording besides, and its job is committed. The queue is paused, so nothing is
 * transcribed; each file is deleted before the next turn.
 *
 * Memory is the most that the service had resident (VmHWM, which the system keeps) over all turns, above what it had after a
 * small upload (10 MB) had warmed it up: a large one shall need no more. Linux only.
 *
 *     node bench/run.js upload [--megabytes N] [--rounds N]
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { folder, interrupted, median, onStage, ownEnvironment, program, stop } from './support/stage.ts';

const FULL = { megabytes: 1000, rounds: 5 };
const SMALL_MEGABYTES = 10;
const BUDGET_RATIO = 0.8;
const BUDGET_BYTES = 40e6;
const BLOCK = randomBytes(1_000_000);
/** As long as those of curl and of browsers. */
const BOUNDARY = '------------------------4f1c9a7be2d0';

/** Streams each request into a file, syncs it, and removes it once it has answered. */
const BARE_SERVER = `
  const { createServer } = require('node:http');
  const { createWriteStream } = require('node:fs');
  const { rm } = require('node:fs/promises');
  const { pipeline } = require('node:stream/promises');
  const path = process.argv[1];
  const server = createServer(async (request, response) => {
    await pipeline(request, createWriteStream(path, { flush: true }));
    response.end('{}');
    await rm(path);
  });
  server.listen(0, '127.0.0.1', () => console.error('http://127.0.0.1:' + server.address().port));
`;

interface Started {
  child: ChildProcess;
  url: string;
}

const { megabytes, rounds } = options();
await onStage(async () => {
  const servers: Started[] = [];
  try {
    const longhand = await started([program, 'serve', '--port', '0']);
    servers.push(longhand);
    const bare = await started(['-e', BARE_SERVER, join(folder, 'bare')]);
    servers.push(bare);
    await measure(longhand, bare);
  } finally {
    for (const { child } of servers) await ended(child);
  }
});

function options(): typeof FULL {
  try {
    const { values } = parseArgs({ options: { megabytes: { type: 'string' }, rounds: { type: 'string' } } });
    return { megabytes: count('megabytes', values.megabytes), rounds: count('rounds', values.rounds) };
  } catch (error) {
    return stop(`${(error as Error).message}\nUsage: node bench/run.js upload [--megabytes N] [--rounds N]`);
  }
}

function count(name: keyof typeof FULL, given: string | undefined): number {
  const value = Number(given ?? FULL[name]);
  if (Number.isInteger(value) && value >= 1 && value <= 20_000) return value;
  throw new Error(`--${name} must be a whole number from 1 to 20000.`);
}

/** Starts a server that says its address on standard error. */
async function started(args: string[]): Promise<Started> {
  const env = { ...ownEnvironment(), LONGHAND_ENGINE: 'pocketsphinx', LONGHAND_LANGUAGE: 'en' };
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  for await (const line of createInterface({ input: child.stderr as Readable })) {
    const url = /http:\/\/\S+/.exec(line)?.[0];
    if (!url) continue;
    child.stderr?.resume();
    return { child, url };
  }
  throw new Error(`${args[0]} ended before it listened.`);
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}

async function measure(longhand: Started, bare: Started): Promise<void> {
  await send('POST', `${longhand.url}/api/queue/pause`, { 'content-type': 'application/json' }, ['{}']);
  await uploadForm(longhand.url, SMALL_MEGABYTES);
  await uploadBare(bare.url, SMALL_MEGABYTES);
  const before = memoryOf(longhand.child, 'VmRSS');
  const rates: { longhand: number; bare: number }[] = [];
  for (let round = 0; round < rounds; round += 1) {
    rates.push({
      longhand: megabytes / (await uploadForm(longhand.url, megabytes)),
      bare: megabytes / (await uploadBare(bare.url, megabytes)),
    });
    interrupted.signal.throwIfAborted();
  }
  report(rates, memoryOf(longhand.child, 'VmHWM') - before);
}

/** @returns seconds until the answer */
async function uploadForm(url: string, size: number): Promise<number> {
  const type = { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` };
  const head = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="talk.wav"\r\n\r\n`;
  const startedAt = performance.now();
  const answer = await send('POST', `${url}/api/jobs`, type, form(head, size));
  const seconds = (performance.now() - startedAt) / 1000;
  await send('DELETE', `${url}/api/jobs/${(JSON.parse(answer) as { id: number }).id}`, {}, []);
  return seconds;
}

function* form(head: string, size: number): Generator<Uint8Array> {
  yield Buffer.from(head);
  yield* blocks(size);
  yield Buffer.from(`\r\n--${BOUNDARY}--\r\n`);
}

/** @returns seconds until the answer */
async function uploadBare(url: string, size: number): Promise<number> {
  const startedAt = performance.now();
  await send('POST', url, {}, blocks(size));
  return (performance.now() - startedAt) / 1000;
}

function* blocks(size: number): Generator<Uint8Array> {
  for (let sent = 0; sent < size; sent += 1) yield BLOCK;
}

async function send(
  method: string,
  url: string,
  headers: Record<string, string>,
  body: Iterable<Uint8Array | string>,
): Promise<string> {
  const outgoing = request(url, { method, headers, signal: interrupted.signal });
  const answered = once(outgoing, 'response') as Promise<[IncomingMessage]>;
  Readable.from(body).pipe(outgoing);
  const [response] = await answered;
  const answer = await text(response);
  if ((response.statusCode ?? 500) >= 300)
    throw new Error(`${method} ${url} answered ${response.statusCode}: ${answer}`);
  return answer;
}

/** Bytes. */
function memoryOf({ pid }: ChildProcess, figure: 'VmRSS' | 'VmHWM'): number {
  const kilobytes = new RegExp(`^${figure}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) * 1024;
}

function report(rates: { longhand: number; bare: number }[], grown: number): void {
  console.log(`${rounds} uploads of ${megabytes} MB in turns, MB/s\n\n  Longhand  bare server  ratio`);
  for (const { longhand, bare } of rates) {
    console.log(
      `${longhand.toFixed(0).padStart(10)}${bare.toFixed(0).padStart(13)}${(longhand / bare).toFixed(2).padStart(7)}`,
    );
  }
  const ratio = median(rates.map(({ longhand, bare }) => longhand / bare));
  console.log(`\nMedian ratio: ${ratio.toFixed(2)}, budget ≥ ${BUDGET_RATIO}`);
  console.log(`Memory: ${(grown / 1e6).toFixed(1)} MB more at most, budget < ${BUDGET_BYTES / 1e6} MB`);
  const within = ratio >= BUDGET_RATIO && grown < BUDGET_BYTES;
  const note = megabytes < FULL.megabytes || rounds < FULL.rounds ? ' (a small run)' : '';
  console.log(`Verdict: ${within ? 'within budget' : 'OVER BUDGET'}${note}`);
  process.exitCode = within ? 0 : 1;
}
