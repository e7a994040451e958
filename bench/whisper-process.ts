/**
 * One whisper-cli for each chunk, or one whisper-server for all: what does the choice cost?
 *
 * Model files with the exact shapes of `base` and `large` (random weights that recite a script of the length that 25
 * seconds of speech have) are run over the same 25 seconds of sound by both, in alternating pairs in one run, both with
 * beam search of five; a page cache that is warm, two threads that sleep while they wait (for `base` also as OpenMP has
 * them wait by itself, spinning). Wall time runs from handing over the sound to holding the
 * answer; for whisper-cli it includes starting the process and loading the model. Memory is the process's own peak.
 *
 *   npx esbuild bench/whisper-process.ts --bundle --platform=node --format=esm --outfile=dist/bench/whisper-process.js
 *   node dist/bench/whisper-process.js FOLDER_WITH_WHISPER_CLI_AND_SERVER [base|large]...
 *
 * Figures and what follows from them: docs/decisions/0003-whisper-process.md.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { quietWaiting, wavOf } from '../src/engines/whisper-process.ts';
import { BASE_HPARAMS, LARGE_HPARAMS, type ScriptStep, writeGgmlModel } from '../test/support/ggml-model.ts';

const CHUNK_SECONDS = 25;
const SAMPLE_RATE_HZ = 16_000;
const THREADS = Math.min(2, cpus().length);
const PAIRS = { base: 5, large: 3 };
/** The spinning way takes many times as long on a busy machine; it is tried in the first pair only. */
const SPINNING_PAIRS = { base: 1, large: 0 };
const DECODING = ['-t', String(THREADS), '-l', 'en', '-bs', '5', '-bo', '5', '-sns', '-ng'];

interface Measured {
  wallSeconds: number[];
  /** User and system time: on a busy machine a steadier figure than the wall. */
  cpuSeconds: number[];
  peakBytes: number;
  text: string;
  /** What whisper-cli says it spent on loading the model. */
  loadSeconds: number[];
}

const nothingYet = (): Measured => ({ wallSeconds: [], cpuSeconds: [], peakBytes: 0, text: '', loadSeconds: [] });

interface Run {
  folder: string;
  model: string;
  scratch: string;
  wav: Buffer;
}

/** About 150 words a minute: 62 words and 80 tokens in 25 seconds, in five sentences. */
function speech(): ScriptStep[] {
  const steps: ScriptStep[] = [];
  for (let sentence = 0; sentence < 5; sentence++) {
    steps.push(sentence * 5);
    for (let word = 0; word < 12; word++) steps.push(` word${sentence}${word}`, ...(word % 4 === 3 ? ['ing'] : []));
    steps.push('.', sentence * 5 + 5);
  }
  return steps;
}

function sound(): Buffer {
  const samples = Buffer.alloc(CHUNK_SECONDS * SAMPLE_RATE_HZ * 2);
  for (let i = 0; i < samples.length / 2; i++) {
    samples.writeInt16LE(Math.round(6_000 * Math.sin(i / 7) * Math.sin(i / 2_500)), i * 2);
  }
  return wavOf(samples);
}

async function byProcess(run: Run, env: NodeJS.ProcessEnv, into: Measured): Promise<void> {
  const began = performance.now();
  const output = join(run.scratch, 'answer');
  const args = ['-m', run.model, ...DECODING, '-ojf', '-of', output, '-f', '-'];
  const child = spawn(join(run.folder, 'whisper-cli'), args, { stdio: ['pipe', 'ignore', 'pipe'], env });
  child.stdin?.end(run.wav);
  let stderr = '';
  child.stderr?.on('data', (text) => {
    stderr += text;
  });
  const watching = watchPeak(child, into);
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`whisper-cli exited with ${code}`);
  const answer = JSON.parse(readFileSync(`${output}.json`, 'utf8'));
  into.wallSeconds.push((performance.now() - began) / 1_000);
  into.loadSeconds.push(Number(/load time = +([\d.]+) ms/.exec(stderr)?.[1]) / 1_000);
  into.cpuSeconds.push(await watching);
  into.text = answer.transcription.map((segment: { text: string }) => segment.text).join('');
}

async function byServer(url: string, server: ChildProcess, run: Run, into: Measured): Promise<void> {
  const began = performance.now();
  const cpuBefore = cpuOf(server);
  const answer = JSON.parse(await post(`${url}/inference`, run.wav)) as { segments: { text: string }[] };
  into.wallSeconds.push((performance.now() - began) / 1_000);
  into.cpuSeconds.push(cpuOf(server) - cpuBefore);
  into.peakBytes = Math.max(into.peakBytes, peakOf(server));
  into.text = answer.segments.map((segment) => segment.text).join('');
}

/** By hand, because fetch gives up on an answer that takes more than five minutes to begin. */
async function post(url: string, wav: Buffer): Promise<string> {
  const boundary = 'longhand-bench';
  const fields = { response_format: 'verbose_json', temperature_inc: '0', no_language_probabilities: 'true' };
  const parts = Object.entries(fields).map(
    ([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  const file = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="chunk.wav"\r\n\r\n`;
  const body = Buffer.concat([Buffer.from(parts.join('') + file), wav, Buffer.from(`\r\n--${boundary}--\r\n`)]);
  const headers = { 'content-type': `multipart/form-data; boundary=${boundary}`, 'content-length': body.length };
  const asked = request(url, { method: 'POST', headers }).end(body);
  const [answer] = await once(asked, 'response');
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  if (answer.statusCode !== 200) throw new Error(`whisper-server answered with HTTP ${answer.statusCode}`);
  return Buffer.concat(chunks).toString();
}

function peakOf(child: ChildProcess): number {
  try {
    const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
    return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1_024;
  } catch {
    return 0; // It has just ended; what was read before stands.
  }
}

/** Follows a process to its end; returns the CPU seconds it had used when it was last seen. */
async function watchPeak(child: ChildProcess, into: Measured): Promise<number> {
  let cpuSeconds = 0;
  while (child.exitCode === null && child.signalCode === null) {
    into.peakBytes = Math.max(into.peakBytes, peakOf(child));
    cpuSeconds = Math.max(cpuSeconds, cpuOf(child));
    await sleep(20);
  }
  return cpuSeconds;
}

/** User and system time from proc(5), in clock ticks of 10 ms. */
function cpuOf(child: ChildProcess): number {
  try {
    const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return 0; // It has just ended; what was read before stands.
  }
}

async function startServer({ folder, model }: Run): Promise<{ url: string; server: ChildProcess }> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, 'close');
  const server = spawn(
    join(folder, 'whisper-server'),
    ['-m', model, ...DECODING, '-nf', '-nlp', '--host', '127.0.0.1', '--port', String(port)],
    { stdio: 'ignore', env: quietWaiting() },
  );
  const url = `http://127.0.0.1:${port}`;
  for (;;) {
    if (server.exitCode !== null) throw new Error(`whisper-server exited with ${server.exitCode}`);
    const healthy = await fetch(`${url}/health`).then(
      (answer) => answer.ok,
      () => false, // Not listening yet.
    );
    if (healthy) return { url, server };
    await sleep(50);
  }
}

const median = (values: number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;
const medianRatio = (one: number[], other: number[]): string | undefined =>
  one.length === 0 ? undefined : median(one.map((value, i) => value / (other[i] as number))).toFixed(3);
const spread = (values: number[]): string => `${Math.min(...values).toFixed(2)}–${Math.max(...values).toFixed(2)}`;

async function measure(size: 'base' | 'large', folder: string): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), 'longhand-bench-'));
  const run: Run = { folder, model: join(scratch, `ggml-${size}.bin`), scratch, wav: sound() };
  let server: ChildProcess | undefined;
  try {
    // Written and then loaded by the server, the file is in the page cache.
    writeGgmlModel(run.model, { script: speech(), hparams: size === 'base' ? BASE_HPARAMS : LARGE_HPARAMS });
    const started = await startServer(run);
    server = started.server;
    const [cli, kept, spinning] = [nothingYet(), nothingYet(), nothingYet()];
    for (let pair = 1; pair <= PAIRS[size]; pair++) {
      await byProcess(run, quietWaiting(), cli);
      await byServer(started.url, server, run, kept);
      if (pair <= SPINNING_PAIRS[size]) await byProcess(run, process.env, spinning);
      const walls = [cli, kept, spinning].map(({ wallSeconds }) => wallSeconds[pair - 1]?.toFixed(2) ?? '-');
      console.error(`${size} ${pair}/${PAIRS[size]}: process, server, process that spins: ${walls.join(', ')} s`);
    }
    console.log(
      JSON.stringify({
        size,
        chunkSeconds: CHUNK_SECONDS,
        threads: THREADS,
        cliSeconds: median(cli.wallSeconds).toFixed(2),
        cliSpread: spread(cli.wallSeconds),
        cliLoadSeconds: median(cli.loadSeconds).toFixed(2),
        serverSeconds: median(kept.wallSeconds).toFixed(2),
        serverSpread: spread(kept.wallSeconds),
        cliOverServer: medianRatio(cli.wallSeconds, kept.wallSeconds),
        cliCpuSeconds: median(cli.cpuSeconds).toFixed(2),
        serverCpuSeconds: median(kept.cpuSeconds).toFixed(2),
        cliOverServerCpu: medianRatio(cli.cpuSeconds, kept.cpuSeconds),
        spinningOverCli: medianRatio(spinning.wallSeconds, cli.wallSeconds),
        cliPeakMb: Math.round(cli.peakBytes / 1e6),
        serverPeakMb: Math.round(kept.peakBytes / 1e6),
        sameText: cli.text.trim() === kept.text.trim(),
      }),
    );
  } finally {
    if (server && server.exitCode === null) {
      server.kill('SIGKILL');
      await once(server, 'exit');
    }
    rmSync(scratch, { recursive: true, force: true });
  }
}

const [folder, ...sizes] = process.argv.slice(2);
if (!folder) {
  console.error('Usage: whisper-process FOLDER_WITH_WHISPER_CLI_AND_SERVER [base|large]...');
  process.exit(2);
}
for (const size of ['base', 'large'] as const) {
  if (sizes.length === 0 || sizes.includes(size)) await measure(size, folder);
}
