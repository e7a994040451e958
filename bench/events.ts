/**
 * A line of a log → the event at a client, while 500 clients watch that log.
 *
 * `longhand serve` works on a real job (PocketSphinx on speech made with flite, short chunks, so several lines a second).
 * Each client has a connection of its own to the job's stream of lines. A line begins with the moment at which it was
 * written, in milliseconds; the time at which a client has it, by the same clock, less that moment is what counts, for every
 * line at every client. The clients live in this process, which shares the cores with the service and its engine: what they
 * take is in the figure.
 *
 * Every client must have every line, once and in order; else it fails.
 *
 *     node bench/run.js events [--clients N] [--minutes N]
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { folder, interrupted, median, onStage, ownEnvironment, program, stop } from './support/stage.ts';

const BUDGET_MS = 100;
const FULL = { clients: 500, minutes: 3 };
const SENTENCE = 'The passengers stayed with us until the morning. ';
/** What flite takes for it, roughly. */
const SENTENCE_SECONDS = 2.6;
const CHUNK_SECONDS = 3;

interface Client {
  /** Where each line ends, and how long after its moment it came, in milliseconds. */
  lines: { id: string; ms: number }[];
  ended: Promise<void>;
}

const { clients, minutes } = options();
await onStage(async () => {
  const recording = await speak();
  const service = spawn(process.execPath, [program, 'serve', '--port', '0'], { env: ownEnvironment() });
  const end = () => service.kill('SIGTERM');
  interrupted.signal.addEventListener('abort', end);
  try {
    report(await measure(await addressOf(service), recording));
  } finally {
    end();
    await once(service, 'close');
  }
});

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

async function speak(): Promise<string> {
  const file = join(folder, 'speech.wav');
  const text = SENTENCE.repeat(Math.ceil((minutes * 60) / SENTENCE_SECONDS));
  const [code] = await once(spawn('flite', ['-voice', 'slt', '-t', text, '-o', file]), 'close');
  if (code !== 0) throw new Error(`flite ended with ${code}.`);
  return file;
}

function addressOf(service: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    service.on('close', () => reject(new Error(`The service ended: ${said}`)));
    service.stderr?.on('data', (piece) => {
      said += piece;
      const found = /listens on (http\S+)/.exec(said);
      if (found) resolve(found[1] as string);
    });
  });
}

async function measure(url: string, path: string): Promise<Client[]> {
  const rest = { model: 'auto', language: 'en', processes: 1, workers: 1, preprocessWorkers: 1, overlapSeconds: 0 };
  const wish = { path, engine: 'pocketsphinx', ...rest, chunkDurationSeconds: CHUNK_SECONDS };
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${url}/api/jobs`, { method: 'POST', headers, body: JSON.stringify(wish) });
  const { id } = (await response.json()) as { id: number };
  const all = await Promise.all(Array.from({ length: clients }, () => watch(`${url}/api/jobs/${id}/log/events`)));
  await Promise.all(all.map(({ ended }) => ended));
  return all;
}

/** Resolves when the client is connected; it ends with the job's last line. */
function watch(url: string): Promise<Client> {
  return new Promise((resolve, reject) => {
    get(`${url}?lines=1000`, { agent: false, signal: interrupted.signal }, (response) => {
      const connectedAt = Date.now();
      const lines: Client['lines'] = [];
      let rest = '';
      const ended = new Promise<void>((done, failed) => {
        response.on('error', failed).setEncoding('utf8');
        response.on('data', (piece: string) => {
          const now = Date.now();
          const events = (rest + piece).split('\n\n');
          rest = events.pop() ?? '';
          for (const event of events) {
            const [, id, at] = /^id: (\d+)\nevent: line\ndata: {"line":"(\S+) /.exec(event) ?? [];
            // What was written before it came says nothing.
            if (id && at) lines.push({ id, ms: Date.parse(at) < connectedAt ? Number.NaN : now - Date.parse(at) });
            if (/ ERROR /.test(event)) failed(new Error(event));
            if (!/ (Done|Stopped)\b/.test(event)) continue;
            response.destroy();
            done();
          }
        });
      });
      resolve({ lines, ended });
    }).on('error', reject);
  });
}

function report(all: Client[]): void {
  const ids = all.map(({ lines }) => lines.map(({ id }) => id).join());
  if (ids.some((one) => one !== ids[0])) throw new Error('Not every client has every line, once and in order.');
  const times = all.flatMap(({ lines }) => lines.map(({ ms }) => ms)).filter((ms) => !Number.isNaN(ms));
  const sorted = times.sort((a, b) => a - b);
  const p99 = sorted[Math.ceil(0.99 * sorted.length) - 1] ?? Number.NaN;
  const max = sorted.at(-1);
  console.log(`A line of the log → the event at a client: ${all.length} clients, ${sorted.length} events`);
  console.log(`p50 ${median(sorted)} ms, p99 ${p99} ms, max ${max} ms; budget p99 < ${BUDGET_MS} ms`);
  const within = p99 < BUDGET_MS;
  const note = clients < FULL.clients || minutes < FULL.minutes ? ' (a small run)' : '';
  console.log(`Verdict: ${within ? 'within budget' : 'OVER BUDGET'}${note}`);
  process.exitCode = within ? 0 : 1;
}
