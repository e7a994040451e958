/**
 * The whole command against the bare engine: what do chunks, checkpoints and supervision cost, and what do two engine
 * workers gain?
 *
 * Ten minutes of speech are made with flite. Then, in turns in one run:
 *
 * - one `pocketsphinx_batch` that reads a control file with the very ranges that Longhand cuts, from audio that is
 *   decoded already, with the options of `src/engines/pocketsphinx-worker.ts`: it starts, works through them, ends;
 * - `longhand transcribe --processes 1` on the recording, with a data folder that does not exist yet: it starts, makes
 *   its database, decodes, cuts, recognises, commits, prints the text, ends;
 * - the same with `--processes 2`.
 *
 * The ratios are of neighbours in time, and their median counts, so that a machine that becomes slower or faster between
 * the rounds spoils neither. The time of the processor (of all processes together) is printed beside it: it shows what
 * the work costs even where other work takes the cores away. In each round the ranges in the job's database must be
 * those that the bare engine was given, its words the same chunk by chunk, and the printed text their sum.
 *
 *     node bench/run.js transcribe [--rounds N] [--minutes N]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { planChunks } from '../src/audio/chunks.ts';
import { decode } from '../src/audio/decode.ts';
import { FRAME_SAMPLES } from '../src/audio/loudness.ts';
import { systemClock } from '../src/domain/clock.ts';
import { pocketsphinx } from '../src/engines/pocketsphinx.ts';
import {
  knowsOption,
  readModelFolder,
  requirePocketSphinx,
  resolvePocketSphinxModel,
} from '../src/engines/pocketsphinx-install.ts';
import { committedChunks } from '../src/store/chunks.ts';
import { openStore } from '../src/store/open.ts';
import { readStat } from '../src/supervisor/identity.ts';
import { folder, interrupted, median, onStage, program, stop } from './support/stage.ts';

const FULL = { rounds: 7, minutes: 10 };
const BUDGET = { one: 1.03, two: 0.6 };
/** With fewer, the last chunk of one worker, when the other has nothing left, weighs too much. */
const LEAST_CHUNKS_EACH = 8;
const TICKS_PER_SECOND = 100;
const BYTES_PER_MINUTE = 60 * 16_000 * 2;
/** 0.6 s between two turns. */
const PAUSE = Buffer.alloc(19_200);
const WAV_HEADER_BYTES = 44;
const WINDOW_FRAMES = 2;

/** One of each gives a sentence; the numbers of choices have no common divisor, so 72,072 sentences differ. */
const PARTS = [
  'Yesterday|This morning|Last summer|After dinner|On Monday|In the evening|Two years ago',
  'my brother|the old teacher|a young doctor|our neighbor|the captain|her best friend|the manager|my grandmother',
  'bought a small boat|wrote a long letter|found the missing key|opened the window|told us a funny story|sold the house|' +
    'lost his way|cooked a simple meal|heard the strange news',
  'near the river|at the train station|in a quiet village|behind the church|on the other side of the road|by the lake|' +
    'at the hospital|in the middle of the city|under the old bridge|in front of the school|at the end of the garden',
  'and nobody was surprised|because it was raining|and we stayed for three hours|but the weather was too cold|' +
    'and then everybody went home|while the children were asleep|and it cost less than ten dollars|' +
    'so the police asked many questions|and I was very happy about it|before the market was closed|' +
    'but there was not enough time|and the whole family came to see it|although the door was open',
].map((choices) => choices.split('|'));

interface Range {
  startSample: number;
  endSample: number;
}

interface Ran {
  stdout: string;
  seconds: number;
  cpuSeconds: number;
}

const { rounds, minutes } = options();
const recording = join(folder, 'speech.flac');
await onStage(async () => {
  await bench();
});

async function bench(): Promise<void> {
  await makeRecording();
  const ranges = await layOut();
  const taken: { bare: Ran[]; one: Ran[]; two: Ran[] } = { bare: [], one: [], two: [] };
  let words = 0;
  for (let round = 1; round <= rounds; round++) {
    const bare = await runBare();
    const heard = await heardByBare(ranges.length);
    const one = await runLonghand(1, ranges, heard);
    const two = await runLonghand(2, ranges, heard);
    taken.bare.push(bare);
    taken.one.push(one);
    taken.two.push(two);
    words = heard.flat().length;
    const seconds = [bare, one, two].map((ran) => ran.seconds.toFixed(1)).join(', ');
    console.error(`round ${round} of ${rounds}: bare, one process, two processes: ${seconds} s`);
  }
  report(taken, ranges.length, words);
}

function options(): typeof FULL {
  const usage = 'Usage: node bench/run.js transcribe [--rounds N] [--minutes N]';
  try {
    const { values } = parseArgs({ options: { rounds: { type: 'string' }, minutes: { type: 'string' } } });
    const [rounds, minutes] = [Number(values.rounds ?? FULL.rounds), Number(values.minutes ?? FULL.minutes)];
    if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds must be a whole number from 1 on.');
    if (!(minutes > 0 && minutes <= 600)) throw new Error('--minutes must be a number above 0, at most 600.');
    return { rounds, minutes };
  } catch (error) {
    return stop(`${(error as Error).message}\n${usage}`);
  }
}

/** Two voices take turns of three sentences until they have spoken long enough, pauses not counted. */
async function makeRecording(): Promise<void> {
  const sound: Buffer[] = [PAUSE];
  let spokenBytes = 0;
  for (let turn = 0; spokenBytes < minutes * BYTES_PER_MINUTE; turn++) {
    const sentences = [0, 1, 2].map((n) => sentence(turn * 3 + n)).join(' ');
    const speech = await speak(turn % 2 === 0 ? 'slt' : 'rms', sentences);
    spokenBytes += speech.length;
    sound.push(speech, PAUSE);
  }
  const raw = join(folder, 'speech.s16le');
  await writeFile(raw, Buffer.concat(sound));
  await run('ffmpeg', ['-v', 'error', '-f', 's16le', '-ar', '16000', '-ac', '1', '-i', raw, recording]);
  await rm(raw);
}

function sentence(n: number): string {
  return `${PARTS.map((choices) => choices[n % choices.length]).join(' ')}.`;
}

/** 16-bit mono samples at 16 kHz. */
async function speak(voice: 'slt' | 'rms', sentences: string): Promise<Buffer> {
  const file = join(folder, 'turn.wav');
  await run('flite', ['-voice', voice, '-t', sentences, '-o', file]);
  return (await readFile(file)).subarray(WAV_HEADER_BYTES);
}

/** Decodes and cuts the recording as the command will, and writes the bare engine's control file. */
async function layOut(): Promise<Range[]> {
  const { loudness } = await decode(recording, join(folder, 'audio.raw'), { signal: interrupted.signal });
  const { chunkDurationSeconds, maxChunkSeconds } = pocketsphinx;
  const plan = planChunks(loudness, { chunkSeconds: chunkDurationSeconds, maxChunkSeconds });
  const ranges = plan.flatMap(({ startSample, endSample, speech }) => (speech ? [{ startSample, endSample }] : []));
  const lines = ranges.map(({ startSample, endSample }, n) => {
    const endFrame = Math.ceil(endSample / FRAME_SAMPLES) - WINDOW_FRAMES;
    return `audio ${Math.floor(startSample / FRAME_SAMPLES)} ${endFrame} u${n}\n`;
  });
  await writeFile(join(folder, 'ctl'), lines.join(''));
  return ranges;
}

async function runBare(): Promise<Ran> {
  const engine = requirePocketSphinx();
  const model = await readModelFolder((await resolvePocketSphinxModel('auto')).path as string);
  const files = ['ctl', 'hyp', 'ctm'].flatMap((name) => [`-${name}`, join(folder, name)]);
  const args = [
    ...['-hmm', model.acoustic, '-lm', model.languageModel, '-dict', model.dictionary],
    ...['-adcin', 'yes', '-cepext', '.raw', '-cmn', 'batch'],
    ...((await knowsOption(engine, '-remove_silence')) ? ['-remove_silence', 'no'] : []),
    ...['-cepdir', folder, ...files],
  ];
  return await run(engine, args, { stderr: 'ignore' });
}

/** What the bare engine heard, words range by range. It ends with 0 whatever happens, so every range is looked for. */
async function heardByBare(ranges: number): Promise<string[][]> {
  const lines = (await readFile(join(folder, 'hyp'), 'utf8')).trimEnd().split('\n');
  const heard = lines.map((line, n) => {
    const parts = /^(.*?) ?\(u(\d+) -?\d+\)$/.exec(line);
    if (Number(parts?.[2]) !== n) throw new Error(`The bare engine's line ${n + 1} is not an answer: ${line}`);
    const words = (parts?.[1] ?? '')
      .split(' ')
      .filter((word) => word !== '' && !/^(<.*>|\[.*\]|\+\+.*\+\+)$/.test(word));
    return words.map((word) => word.replace(/\(\d+\)$/, ''));
  });
  if (heard.length !== ranges) throw new Error(`The bare engine answered ${heard.length} of ${ranges} ranges.`);
  return heard;
}

/** Runs the command on a new data folder and compares what it did with the bare engine's ranges and words. */
async function runLonghand(processes: number, ranges: Range[], heard: string[][]): Promise<Ran> {
  const dataDir = join(folder, 'data');
  const config = join(folder, 'config.toml');
  await writeFile(config, '');
  const ours = Object.entries(process.env).filter(([name]) => !/^(LONGHAND_|MAX_)/.test(name));
  const folders = { LONGHAND_DATA: dataDir, LONGHAND_CACHE: join(folder, 'cache'), LONGHAND_CONFIG: config };
  const env = { ...Object.fromEntries(ours), ...folders, TMPDIR: folder };
  const args = ['transcribe', recording, '--engine', 'pocketsphinx', '--processes', String(processes), '--again'];
  const ran = await run(process.execPath, [program, ...args], { env });
  await compare(dataDir, ran.stdout, ranges, heard);
  await rm(dataDir, { recursive: true });
  return ran;
}

async function compare(dataDir: string, stdout: string, ranges: Range[], heard: string[][]): Promise<void> {
  const store = await openStore({ file: join(dataDir, 'longhand.db'), clock: systemClock, migrate: false });
  const chunks = await committedChunks(store, 1, { limit: Number.MAX_SAFE_INTEGER }).finally(() => store.close());
  const spoken = chunks.filter(({ speech }) => speech === 1);
  const cut = spoken.map(({ start_sample, end_sample }) => ({ startSample: start_sample, endSample: end_sample }));
  if (!isDeepStrictEqual(cut, ranges)) throw new Error('Longhand cut the recording into other ranges.');
  const words = spoken.map((chunk) => chunk.words.map((word) => word.text));
  const other = words.findIndex((said, n) => !isDeepStrictEqual(said, heard[n]));
  if (other >= 0) {
    throw new Error(`Chunk ${other} differs.\nlonghand: ${words[other]?.join(' ')}\nbare: ${heard[other]?.join(' ')}`);
  }
  if (stdout.trim().split(/\s+/).join(' ') !== heard.flat().join(' ')) {
    throw new Error('The text that was printed is not what the chunks hold.');
  }
}

/** Runs a program to its end. Its processor time is that of its children too, as far as they were waited for. */
async function run(
  command: string,
  args: string[],
  { env = process.env, stderr = 'pipe' as 'pipe' | 'ignore' } = {},
): Promise<Ran> {
  const cpuBefore = childCpuSeconds();
  const started = performance.now();
  const child = spawn(command, args, {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', stderr],
    signal: interrupted.signal,
    killSignal: 'SIGKILL',
  });
  const [[code, signal], stdout, complaints] = await Promise.all([
    once(child, 'close'),
    text(child.stdout as Readable),
    child.stderr ? text(child.stderr) : '',
  ]);
  const seconds = (performance.now() - started) / 1000;
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${signal ?? code}:\n${complaints}`);
  return { stdout, seconds, cpuSeconds: childCpuSeconds() - cpuBefore };
}

function childCpuSeconds(): number {
  return (readStat(process.pid)?.childCpuTicks ?? 0) / TICKS_PER_SECOND;
}

function report(taken: { bare: Ran[]; one: Ran[]; two: Ran[] }, chunks: number, words: number): void {
  const ratios = (runs: Ran[]) => runs.map((ran, n) => ran.seconds / (taken.bare[n] as Ran).seconds);
  const one = median(ratios(taken.one));
  const two = median(ratios(taken.two));
  const judgesTwo = availableParallelism() >= 2;
  console.log(`${minutes} minutes of speech in ${chunks} chunks, ${rounds} rounds, wall time in seconds\n`);
  console.log(`${''.padEnd(26)} median       min–max   CPU   over bare   budget`);
  console.log(row('bare pocketsphinx_batch', taken.bare));
  console.log(`${row('longhand, --processes 1', taken.one)} ${one.toFixed(3).padStart(11)}   ≤ ${BUDGET.one}`);
  const budget = judgesTwo ? `≤ ${BUDGET.two}` : 'none: this machine has one core';
  console.log(`${row('longhand, --processes 2', taken.two)} ${two.toFixed(3).padStart(11)}   ${budget}`);
  console.log(`\nText: the bare engine's ${words} words, in every run`);
  const within = one <= BUDGET.one && (!judgesTwo || two <= BUDGET.two);
  const small = rounds < FULL.rounds || minutes < FULL.minutes || chunks < 2 * LEAST_CHUNKS_EACH;
  const note = small ? ` (a small run; the budget is for ${FULL.minutes} minutes and ${FULL.rounds} rounds)` : '';
  console.log(`Verdict: ${within ? 'within budget' : 'OVER BUDGET'}${note}`);
  process.exitCode = within ? 0 : 1;
}

function row(name: string, runs: Ran[]): string {
  const seconds = runs.map((ran) => ran.seconds);
  const spread = `${Math.min(...seconds).toFixed(1)}–${Math.max(...seconds).toFixed(1)}`;
  const cpu = median(runs.map((ran) => ran.cpuSeconds)).toFixed(1);
  return `${name.padEnd(26)} ${median(seconds).toFixed(1).padStart(6)} ${spread.padStart(13)} ${cpu.padStart(5)}`;
}
