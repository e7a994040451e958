/**
 * The memory of everything but the engine while a job runs, for a recording of a minute and for one of three hours.
 *
 * Measured is the sum of PSS (proportional set size, /proc/PID/smaps_rollup, proc(5)) over the command's process and all
 * below it except the engine and ffmpeg: the owner, the runner, the guard. It is sampled twenty times a second from the
 * start to the end, and the highest sum counts. PSS divides a page by the number of processes that map it, so the
 * command runs from a copy of the node program that is its own: what it shares is then shared among its processes only,
 * and not paid in part by another node on this machine.
 *
 * Both recordings are silent but for a few sentences, made with flite, so that three hours take minutes: what may grow
 * with the length (samples, loudness, the plan of chunks) is there in full, and the engine has little to do. For the
 * command all settings are the defaults.
 *
 *     node bench/run.js memory [--hours N]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type ProcessStat, readStat } from '../src/supervisor/identity.ts';
import { folder, interrupted, onStage, program, stop } from './support/stage.ts';

const FULL_HOURS = 3;
const BUDGET_MB = 180;
const BUDGET_RATIO = 1.1;
const SAMPLE_EVERY_MS = 50;
const BYTES_PER_SECOND = 16_000 * 2;
const WAV_HEADER_BYTES = 44;
const BLOCK = Buffer.alloc(1 << 20);
/** As the kernel names them: cut to 15 letters. */
const NOT_OURS = /^(pocketsphinx_ba|ffmpeg|ffprobe)/;
const SENTENCES = [
  'Good morning, this is the first part of the recording.',
  'The old teacher wrote a long letter at the train station.',
  'After that nobody said a word for quite some time.',
  'In the evening the whole family came to see the new boat.',
];

type Part = 'command' | 'runner' | 'guard' | 'other';
type Sample = Record<Part, number>;

interface Peak {
  bytes: number;
  parts: Sample;
  samples: number;
  seconds: number;
}

const hours = options();
if (!existsSync('/proc/self/smaps_rollup')) stop('This needs /proc/PID/smaps_rollup (Linux 4.14 or newer).');
const killable = { cwd: folder, signal: interrupted.signal, killSignal: 'SIGKILL' } as const;
const node = join(folder, 'node');
await onStage(async () => {
  await copyFile(process.execPath, node);
  const minute = await measure('one minute', 60, 3);
  const long = await measure(`${hours} hours`, hours * 3600, 9);
  report(minute, long);
});

function options(): number {
  try {
    const { values } = parseArgs({ options: { hours: { type: 'string' } } });
    const hours = Number(values.hours ?? FULL_HOURS);
    if (hours >= 0.1 && hours <= 24) return hours;
    throw new Error('--hours must be a number from 0.1 to 24.');
  } catch (error) {
    return stop(`${(error as Error).message}\nUsage: node bench/run.js memory [--hours N]`);
  }
}

async function measure(name: string, seconds: number, sentences: number): Promise<Peak> {
  const recording = join(folder, 'recording.wav');
  await makeRecording(recording, seconds, sentences);
  const peak = await runAndWatch(recording);
  await rm(recording);
  const parts = Object.entries(peak.parts).map(([part, bytes]) => `${part} ${inMb(bytes)}`);
  console.log(`${name}: ${inMb(peak.bytes)} MB at the highest (${parts.join(', ')})`);
  console.error(`  ${peak.samples} samples in ${peak.seconds.toFixed(0)} s`);
  return peak;
}

/** Sentences at even distances, digital silence between them. */
async function makeRecording(file: string, seconds: number, sentences: number): Promise<void> {
  const spoken: Buffer[] = [];
  for (let n = 0; n < sentences; n++) spoken.push(await speak(n));
  const speechBytes = spoken.reduce((sum, { length }) => sum + length, 0);
  const gapBytes = Math.floor((seconds * BYTES_PER_SECOND - speechBytes) / (sentences + 1) / 2) * 2;
  const input = ['-f', 's16le', '-ar', '16000', '-ac', '1', '-i', 'pipe:0'];
  const child = spawn('ffmpeg', ['-v', 'error', '-y', ...input, file], {
    ...killable,
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  const closed = once(child, 'close');
  await Promise.all([closed, pipeline(Readable.from(sound(spoken, gapBytes)), child.stdin)]);
  const [code] = await closed;
  if (code !== 0) throw new Error(`ffmpeg ended with ${code}.`);
}

function* sound(spoken: Buffer[], gapBytes: number): Generator<Buffer> {
  for (const speech of [...spoken, Buffer.alloc(0)]) {
    for (let left = gapBytes; left > 0; left -= BLOCK.length) yield BLOCK.subarray(0, left);
    yield speech;
  }
}

/** 16-bit mono samples at 16 kHz. */
async function speak(n: number): Promise<Buffer> {
  const file = join(folder, 'sentence.wav');
  const sentence = SENTENCES[n % SENTENCES.length] as string;
  const args = ['-voice', n % 2 === 0 ? 'slt' : 'rms', '-t', sentence, '-o', file];
  const [code] = await once(spawn('flite', args, { ...killable, stdio: 'inherit' }), 'close');
  if (code !== 0) throw new Error(`flite ended with ${code}.`);
  return (await readFile(file)).subarray(WAV_HEADER_BYTES);
}

async function runAndWatch(recording: string): Promise<Peak> {
  const config = join(folder, 'config.toml');
  await writeFile(config, '');
  const dataDir = join(folder, 'data');
  const ours = Object.entries(process.env).filter(([name]) => !/^(LONGHAND_|MAX_)/.test(name));
  const folders = { LONGHAND_DATA: dataDir, LONGHAND_CACHE: join(folder, 'cache'), LONGHAND_CONFIG: config };
  const env = { ...Object.fromEntries(ours), ...folders, TMPDIR: folder };
  const args = [program, 'transcribe', recording, '--engine', 'pocketsphinx', '--again'];
  const child = spawn(node, args, { ...killable, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)]);
  const [peak, [[code], stdout, stderr]] = await Promise.all([watch(child.pid, ended), ended]);
  if (code !== 0 || stdout.trim() === '')
    throw new Error(`longhand ended with ${code} and this text: ${stdout}\n${stderr}`);
  await rm(dataDir, { recursive: true });
  return peak;
}

async function watch(pid: number | undefined, ended: Promise<unknown>): Promise<Peak> {
  let running = true;
  const stopped = () => {
    running = false;
  };
  ended.then(stopped, stopped);
  const started = performance.now();
  const peak: Peak = { bytes: 0, parts: nothing(), samples: 0, seconds: 0 };
  while (running && pid !== undefined) {
    const parts = sample(pid);
    const bytes = Object.values(parts).reduce((sum, part) => sum + part, 0);
    if (bytes > peak.bytes) Object.assign(peak, { bytes, parts });
    peak.samples++;
    peak.seconds = (performance.now() - started) / 1000;
    await sleep(SAMPLE_EVERY_MS);
  }
  return peak;
}

function nothing(): Sample {
  return { command: 0, runner: 0, guard: 0, other: 0 };
}

function sample(root: number): Sample {
  const parts = nothing();
  for (const stat of treeOf(root)) {
    if (!NOT_OURS.test(stat.command)) parts[partOf(stat, root)] += pssOf(stat.pid);
  }
  return parts;
}

/** A process and all below it. */
function treeOf(root: number): ProcessStat[] {
  const all = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? (readStat(Number(name)) ?? []) : []));
  const tree = all.filter(({ pid }) => pid === root);
  for (const { pid } of tree) tree.push(...all.filter(({ parentPid }) => parentPid === pid));
  return tree;
}

function partOf({ pid, command }: ProcessStat, root: number): Part {
  if (pid === root) return 'command';
  if (command === 'sh') return 'guard';
  return readProc(pid, 'cmdline').includes('runner.js') ? 'runner' : 'other';
}

function pssOf(pid: number): number {
  return Number(/^Pss: +(\d+) kB$/m.exec(readProc(pid, 'smaps_rollup'))?.[1] ?? 0) * 1024;
}

/** Empty when the process ended meanwhile. */
function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return '';
    throw error;
  }
}

function inMb(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

function report(minute: Peak, long: Peak): void {
  const ratio = long.bytes / minute.bytes;
  console.log(`\nHighest: ${inMb(Math.max(minute.bytes, long.bytes))} MB, budget ≤ ${BUDGET_MB}`);
  console.log(`Long over short: ${ratio.toFixed(3)}, budget ≤ ${BUDGET_RATIO}`);
  const within = Math.max(minute.bytes, long.bytes) <= BUDGET_MB * 1e6 && ratio <= BUDGET_RATIO;
  const note = hours < FULL_HOURS ? ` (a small run; the budget is for ${FULL_HOURS} hours)` : '';
  console.log(`Verdict: ${within ? 'within budget' : 'OVER BUDGET'}${note}`);
  process.exitCode = within ? 0 : 1;
}
