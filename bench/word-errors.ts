/**
 * What does cutting cost? The word error rate of the whole command, which cuts at about 20 s, against a single pass.
 *
 * A single pass is one `pocketsphinx_batch` that hears the whole recording as one utterance: no word can be cut in half,
 * every word has all the others as its surroundings, and the mean of the spectrum is taken over everything. That is the
 * best the engine can do with these options, so whatever the command has more errors is the price of its cuts. Nothing
 * shorter stands in for it: the engine takes some minutes at a time, though the last step (the best path through all
 * hypotheses) grows faster than the recording, so --words has a limit.
 *
 * The speech is the interview of `samples/` and made-up sentences, spoken by two voices of flite in turns with pauses of
 * 0.6 s. Both hear the same samples; the command gets them as a file to decode.
 *
 *     node bench/run.js word-errors [--words N]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import {
  knowsOption,
  readModelFolder,
  requirePocketSphinx,
  resolvePocketSphinxModel,
} from '../src/engines/pocketsphinx-install.ts';
import { PACKAGE_ROOT } from '../src/package-root.ts';
import { type WordErrors, wordErrors } from '../test/support/word-errors.ts';
import { folder, interrupted, onStage, program, stop } from './support/stage.ts';

const FULL_WORDS = 1000;
const MOST_WORDS = 3000;
/** One point. */
const BUDGET = 0.01;
const PAUSE = Buffer.alloc(19_200);
const WAV_HEADER_BYTES = 44;

/** One of each gives a sentence; the numbers of choices have no common divisor, so many differ. */
const PARTS = [
  'The committee|Our company|A group of students|The local newspaper',
  'decided to build|asked for|promised to support|could not explain|wanted to see',
  'a new library|the old theater|a better road|the results of the study|a plan for the summer|the price of the land|' +
    'a small airport',
  'in the north of the country|for the people of the city|before the end of the year|with the help of the university|' +
    'after many years of work|without any money|during the winter|near the border|in less than a week',
  'and the answer came in March|but nobody knew the reason|because the law had changed|and the mayor agreed|' +
    'although it was expensive|while the world was watching|so the meeting was long|and the work began at once|' +
    'but some of us had doubts|and that was good news|which made my father laugh',
].map((choices) => choices.split('|'));

const wanted = options();
await onStage(async () => {
  const spoken = await makeRecording();
  console.error('single pass …');
  const single = wordErrors(spoken, await hearInOnePass());
  console.error('longhand …');
  report(single, wordErrors(spoken, await hearInChunks()));
});

function options(): number {
  try {
    const { values } = parseArgs({ options: { words: { type: 'string' } } });
    const words = Number(values.words ?? FULL_WORDS);
    if (words >= 1 && words <= MOST_WORDS) return words;
    throw new Error(`--words must be a number from 1 to ${MOST_WORDS}.`);
  } catch (error) {
    return stop(`${(error as Error).message}\nUsage: node bench/run.js word-errors [--words N]`);
  }
}

/** @returns the words that are spoken in it */
async function makeRecording(): Promise<string> {
  const interview = await readFile(join(PACKAGE_ROOT, 'samples', 'interview.txt'), 'utf8');
  const turns = interview.trim().split('\n');
  const sound: Buffer[] = [PAUSE];
  const spoken: string[] = [];
  for (let turn = 0; countWords(spoken) < wanted; turn++) {
    const sentences = turns[turn] ?? `${sentence(turn * 2)} ${sentence(turn * 2 + 1)}`;
    sound.push(await speak(turn % 2 === 0 ? 'slt' : 'rms', sentences), PAUSE);
    spoken.push(sentences);
  }
  const raw = join(folder, 'audio.raw');
  await writeFile(raw, Buffer.concat(sound));
  await run('ffmpeg', [
    '-v',
    'error',
    '-f',
    's16le',
    '-ar',
    '16000',
    '-ac',
    '1',
    '-i',
    raw,
    join(folder, 'audio.flac'),
  ]);
  return spoken.join(' ');
}

function sentence(n: number): string {
  return `${PARTS.map((choices) => choices[n % choices.length]).join(' ')}.`;
}

function countWords(sentences: string[]): number {
  return wordErrors(sentences.join(' '), '').words;
}

/** 16-bit mono samples at 16 kHz. */
async function speak(voice: 'slt' | 'rms', sentences: string): Promise<Buffer> {
  const file = join(folder, 'turn.wav');
  await run('flite', ['-voice', voice, '-t', sentences, '-o', file]);
  return (await readFile(file)).subarray(WAV_HEADER_BYTES);
}

async function hearInOnePass(): Promise<string> {
  const engine = requirePocketSphinx();
  const model = await readModelFolder((await resolvePocketSphinxModel('auto')).path as string);
  await writeFile(join(folder, 'ctl'), 'audio\n');
  await run(engine, [
    ...['-hmm', model.acoustic, '-lm', model.languageModel, '-dict', model.dictionary],
    ...['-adcin', 'yes', '-cepext', '.raw', '-cmn', 'batch'],
    ...((await knowsOption(engine, '-remove_silence')) ? ['-remove_silence', 'no'] : []),
    ...['-cepdir', folder, '-ctl', join(folder, 'ctl'), '-hyp', join(folder, 'hyp'), '-ctm', join(folder, 'ctm')],
  ]);
  const line = (await readFile(join(folder, 'hyp'), 'utf8')).trimEnd();
  const words = /^(.*) \(audio -?\d+\)$/.exec(line)?.[1];
  if (words === undefined) throw new Error(`The engine gave no answer for the whole recording: "${line}".`);
  return words.replace(/\(\d+\)/g, '');
}

async function hearInChunks(): Promise<string> {
  const config = join(folder, 'config.toml');
  await writeFile(config, '');
  const ours = Object.entries(process.env).filter(([name]) => !/^(LONGHAND_|MAX_)/.test(name));
  const folders = { LONGHAND_DATA: join(folder, 'data'), LONGHAND_CACHE: join(folder, 'cache') };
  const env = { ...Object.fromEntries(ours), ...folders, LONGHAND_CONFIG: config, TMPDIR: folder };
  return await run(
    process.execPath,
    [program, 'transcribe', join(folder, 'audio.flac'), '--engine', 'pocketsphinx'],
    env,
  );
}

/** Runs a program to its end. @returns what it printed */
async function run(command: string, args: string[], env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const stop = { signal: interrupted.signal, killSignal: 'SIGKILL' } as const;
  const child = spawn(command, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'], ...stop });
  const [[code, signal], stdout, stderr] = await Promise.all([
    once(child, 'close'),
    text(child.stdout as Readable),
    text(child.stderr as Readable),
  ]);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${signal ?? code}:\n${stderr.slice(-2000)}`);
  return stdout;
}

function report(single: WordErrors, chunked: WordErrors): void {
  const percent = (rate: number) => `${(rate * 100).toFixed(2)} %`;
  const line = (name: string, { errors, rate }: WordErrors) =>
    `${name.padEnd(34)} ${String(errors).padStart(4)} errors ${percent(rate).padStart(8)}`;
  console.log(`${single.words} words\n`);
  console.log(line('single pass over the recording', single));
  console.log(line('longhand, cut into chunks', chunked));
  const points = (chunked.rate - single.rate) * 100;
  console.log(`\nDifference: ${points.toFixed(2)} points, budget ≤ ${BUDGET * 100}`);
  const within = chunked.rate <= single.rate + BUDGET;
  const note = wanted < FULL_WORDS ? ` (a small run; the budget is for ${FULL_WORDS} words)` : '';
  console.log(`Verdict: ${within ? 'within budget' : 'OVER BUDGET'}${note}`);
  process.exitCode = within ? 0 : 1;
}
