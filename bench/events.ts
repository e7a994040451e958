/**
 * A line of a log → the event at a client, while 500 clients watch that log.
 *
 * `longhand serve` works on a real job (PocketSphinx on speech made with flite, short chunks, so several lines a second).
 * Each client has a connection of its own to the job's stream of lines; the clients live in one process beside the service,
 * which shares the cores with it and its engine. A line begins with the moment at which it was written, in milliseconds; the
 * time at which a client has it, by the same clock, less that moment is what counts, for every line at every client.
 *
 * Every client must have every line, once and in order; else it fails.
 *
 *     node bench/run.js events [--clients N] [--minutes N]
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openAsBlob } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { JobView } from '../src/jobs/view.ts';
import { EventClients, isClients, type Received } from './support/event-clients.ts';
import { addressOf } from './support/service.ts';
import { folder, interrupted, median, onStage, ownEnvironment, program, stop } from './support/stage.ts';

const BUDGET_MS = 100;
const FULL = { clients: 500, minutes: 3 };
const SENTENCE = 'The passengers stayed with us until the morning. ';
/** What flite takes for it, roughly. */
const SENTENCE_SECONDS = 2.6;
const CHUNK_SECONDS = 3;

if (!isClients()) await onStage(measureAll);

async function measureAll(): Promise<void> {
  const { clients, minutes } = options();
  const recording = await speak(minutes);
  const service = spawn(process.execPath, [program, 'serve', '--port', '0'], { env: ownEnvironment() });
  const end = () => service.kill('SIGTERM');
  interrupted.signal.addEventListener('abort', end);
  try {
    const address = await addressOf(service);
    const cpu = await cpuSeconds(service);
    const began = performance.now();
    const received = await measure(address, recording, clients);
    const took = (performance.now() - began) / 1000;
    const used = ((await cpuSeconds(service)) - cpu) / took;
    report(received, clients < FULL.clients || minutes < FULL.minutes);
    console.log(`The service took ${(used * 100).toFixed(1)} % of a core for ${took.toFixed(0)} s.`);
  } finally {
    end();
    await once(service, 'close');
  }
}

/** What a process has used so far (Linux; elsewhere it is not told). */
async function cpuSeconds({ pid }: ChildProcess): Promise<number> {
  if (process.platform !== 'linux') return Number.NaN;
  const [, user, system] = /\) \S(?: \S+){10} (\d+) (\d+)/.exec(await readFile(`/proc/${pid}/stat`, 'utf8')) ?? [];
  // USER_HZ is 100 wherever Node runs.
  return (Number(user) + Number(system)) / 100;
}

function options(): typeof FULL {
  try {
    const { values } = parseArgs({ options: { clients: { type: 'string' }, minutes: { type: 'string' } } });
    return { clients: above(values.clients, FULL.clients), minutes: above(values.minutes, FULL.minutes) };
  } catch (error) {
    return stop(`${(error as Error).message}\nUsage: node bench/run.js events [--clients N] [--minutes N]`);
  }
}

function above(given: string | undefined, full: number): number {
  const value = Number(given ?? full);
  if (value > 0 && value <= 10_000) return value;
  throw new Error(`"${given}" is not a number above 0.`);
}

async function speak(minutes: number): Promise<string> {
  const file = join(folder, 'speech.wav');
  const text = SENTENCE.repeat(Math.ceil((minutes * 60) / SENTENCE_SECONDS));
  const [code] = await once(spawn('flite', ['-voice', 'slt', '-t', text, '-o', file]), 'close');
  if (code !== 0) throw new Error(`flite ended with ${code}.`);
  return file;
}

async function measure(address: string, recording: string, clients: number): Promise<Received[]> {
  const job = `${address}/api/jobs/${await handIn(address, recording)}`;
  const all = await EventClients.watch(`${job}/log/events?lines=1000`, clients);
  try {
    await untilDone(job);
    // Where the log ends is the id of its last line.
    const log = await fetch(`${job}/log?lines=1`);
    return await all.until(`id: ${log.headers.get('x-log-position')}\n`);
  } finally {
    await all.end();
  }
}

async function handIn(address: string, recording: string): Promise<number> {
  const form = new FormData();
  const rest = { model: 'auto', language: 'en', processes: '1', workers: '1', overlapSeconds: '0' };
  const wish = { engine: 'pocketsphinx', ...rest, chunkDurationSeconds: String(CHUNK_SECONDS) };
  for (const [name, value] of Object.entries(wish)) form.append(name, value);
  form.append('file', await openAsBlob(recording), 'speech.wav');
  const response = await fetch(`${address}/api/jobs`, { method: 'POST', body: form });
  const { id, detail } = (await response.json()) as { id: number; detail?: string };
  return detail === undefined ? id : stop(detail);
}

/** Resolves when everything that belongs to the end of the job is done, so that its log has its last line. */
async function untilDone(job: string): Promise<void> {
  const response = await fetch(`${job}/events`, { signal: interrupted.signal });
  let said = '';
  for await (const piece of response.body ?? []) {
    said = (said + Buffer.from(piece as Uint8Array).toString()).slice(-10_000);
    if (/event: settled\ndata: [^\n]*"status":"(completed|failed|cancelled)"/.test(said)) break;
  }
  const { status, error } = (await (await fetch(job)).json()) as JobView;
  if (status !== 'completed') throw new Error(`The job is ${status}: ${error?.message}`);
}

interface Line {
  /** Where it ends. */
  id: string;
  /** How long after its moment it came; undefined for one that was written before the client came. */
  ms: number | undefined;
}

function linesOf({ text, pieces, connectedAt }: Received): Line[] {
  const lines: Line[] = [];
  let piece = 0;
  for (const found of text.matchAll(/id: (\d+)\nevent: line\ndata: {"line":"(\S+) [^\n]*\n\n/g)) {
    const [whole, id = '', moment = ''] = found;
    while ((pieces[piece]?.end ?? Number.POSITIVE_INFINITY) < found.index + whole.length) piece += 1;
    const writtenAt = Date.parse(moment);
    const cameAt = pieces[piece]?.at ?? Number.NaN;
    lines.push({ id, ms: writtenAt < connectedAt ? undefined : cameAt - writtenAt });
  }
  return lines;
}

function report(all: Received[], isSmall: boolean): void {
  const lines = all.map(linesOf);
  const ids = lines.map((one) => one.map(({ id }) => id).join());
  if (ids.some((one) => one !== ids[0])) throw new Error('Not every client has every line, once and in order.');
  const sorted = lines.flatMap((one) => one.flatMap(({ ms }) => ms ?? [])).sort((a, b) => a - b);
  const p99 = sorted[Math.ceil(0.99 * sorted.length) - 1] ?? Number.NaN;
  const max = sorted.at(-1);
  console.log(`A line of the log → the event at a client: ${all.length} clients, ${sorted.length} events`);
  console.log(`p50 ${median(sorted)} ms, p99 ${p99} ms, max ${max} ms; budget p99 < ${BUDGET_MS} ms`);
  const within = p99 < BUDGET_MS;
  console.log(`Verdict: ${within ? 'within budget' : 'OVER BUDGET'}${isSmall ? ' (a small run)' : ''}`);
  process.exitCode = within ? 0 : 1;
}
