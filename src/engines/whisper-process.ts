/**
 * One run of whisper-cli: sound in through its standard input, the answer out through a file.
 *
 * What whisper-cli (1.9.1) does that has to be known here: it exits with 0 on sound it cannot read, on an unknown
 * language, on an unknown option, and on a model without weights, so only its answer counts. It prints the transcript
 * on standard output, which therefore goes nowhere: what was said belongs in no log. `--output-file -` opens
 * /dev/stdout, which fails on the sockets that Node gives its children: so a file.
 */
import type { ChildProcess } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { EngineError, ModelError } from '../domain/errors.ts';
import { spawnNative } from '../native/spawn.ts';
import type { AudioSlice, WorkerExit } from './engine.ts';
import { parseWhisperAnswer, type WhisperAnswer } from './whisper-words.ts';

/** Whisper's sample rate (whisper.h, `WHISPER_SAMPLE_RATE`). */
export const SAMPLE_RATE_HZ = 16_000;
const BYTES_PER_SAMPLE = 2;

/** whisper.cpp hears nothing in less than 100 ms and guesses badly below a second; silence is added up to here. */
const LEAST_SECONDS = 1.1;

/** How much of the program's own output is kept as evidence, besides what it calls an error: its usage is long. */
const EVIDENCE_LINES = 20;

/** whisper-cli could not load the model (examples/cli/cli.cpp). */
const EXIT_MODEL = 3;

export interface WhisperRun {
  program: string;
  modelPath: string;
  /** Whisper's own code, or `auto` together with `detectOnly`. */
  language: string;
  detectOnly?: boolean;
  threads: number;
  slice: AudioSlice;
  /** A folder of this run alone; the caller removes it. */
  folder: string;
  onLine(line: string): void;
}

export interface RunningWhisper {
  readonly child: ChildProcess;
  /** Settles when the process is gone. Never rejects. */
  readonly exited: Promise<WorkerExit>;
  /** @throws EngineError, or ModelError when the model does not load. */
  readonly answer: Promise<WhisperAnswer>;
}

/**
 * Starts whisper-cli on a slice.
 * @throws EngineError when the slice cannot be read
 */
export async function startWhisper(run: WhisperRun): Promise<RunningWhisper> {
  const wav = wavOf(padded(await readSlice(run.slice)));
  const output = join(run.folder, 'answer');
  const child = spawnNative(
    run.program,
    [
      ...['--model', run.modelPath, '--threads', String(run.threads), '--language', run.language],
      // Beam search of five, falling back over rising temperatures, and symbols that are no speech suppressed: what
      // OpenAI's own program does. Each process draws from a freshly seeded source, so that the same slice gives the
      // same words whatever was decoded before.
      ...['--beam-size', '5', '--best-of', '5', '--suppress-nst'],
      ...(run.detectOnly ? ['--detect-language'] : []),
      ...['--output-json-full', '--output-file', output, '--file', '-'],
    ],
    { stdio: ['pipe', 'ignore', 'pipe'], env: quietWaiting() },
  );
  const stderr = collect(child, run.onLine);
  const exited = exitOf(child);
  // A program that ends without reading its input breaks the pipe; its exit and its answer tell why.
  child.stdin?.on('error', () => {});
  child.stdin?.end(wav);
  const answer = (async () => {
    const [exit, lines] = await Promise.all([exited, stderr]);
    return await answerOf(exit, lines, run, `${output}.json`);
  })();
  // The caller may close the worker instead of waiting for the answer.
  answer.catch(() => {});
  return { child, exited, answer };
}

/**
 * The environment for whisper.cpp: its threads wait for each other asleep. By default OpenMP has them spin, and where
 * more threads than cores want to run (two engine workers, a busy machine) they burn the time the others need
 * (GNU libgomp manual, OMP_WAIT_POLICY; figures in docs/decisions/0003-whisper-process.md).
 */
export function quietWaiting(): NodeJS.ProcessEnv {
  return { OMP_WAIT_POLICY: 'passive', ...process.env };
}

/** Raw signed 16-bit little-endian mono samples at 16 kHz, as a WAV file (Microsoft's RIFF specification, 'fmt ' PCM). */
export function wavOf(samples: Buffer): Buffer {
  const header = Buffer.alloc(44);
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(36 + samples.length, 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20); // PCM
  header.writeUInt16LE(1, 22); // mono
  header.writeUInt32LE(SAMPLE_RATE_HZ, 24);
  header.writeUInt32LE(SAMPLE_RATE_HZ * BYTES_PER_SAMPLE, 28);
  header.writeUInt16LE(BYTES_PER_SAMPLE, 32);
  header.writeUInt16LE(8 * BYTES_PER_SAMPLE, 34);
  header.write('data', 36, 'latin1');
  header.writeUInt32LE(samples.length, 40);
  return Buffer.concat([header, samples]);
}

/** The slice's length in milliseconds. */
export function sliceDurationMs(slice: AudioSlice): number {
  return ((slice.endSample - slice.startSample) * 1_000) / SAMPLE_RATE_HZ;
}

async function readSlice(slice: AudioSlice): Promise<Buffer> {
  const length = (slice.endSample - slice.startSample) * BYTES_PER_SAMPLE;
  const samples = Buffer.alloc(length);
  const file = await open(slice.audioPath, 'r');
  try {
    let got = 0;
    while (got < length) {
      const { bytesRead } = await file.read(samples, got, length - got, slice.startSample * BYTES_PER_SAMPLE + got);
      if (bytesRead === 0) {
        throw new EngineError(
          `The decoded audio ${slice.audioPath} ends before sample ${slice.endSample}, where a chunk ends.`,
        );
      }
      got += bytesRead;
    }
  } finally {
    await file.close();
  }
  return samples;
}

function padded(samples: Buffer): Buffer {
  const missing = Math.round(LEAST_SECONDS * SAMPLE_RATE_HZ) * BYTES_PER_SAMPLE - samples.length;
  return missing > 0 ? Buffer.concat([samples, Buffer.alloc(missing)]) : samples;
}

async function collect(child: ChildProcess, onLine: (line: string) => void): Promise<string[]> {
  const lines: string[] = [];
  if (!child.stderr) return lines;
  for await (const line of createInterface({ input: child.stderr })) {
    if (!line.trim()) continue;
    lines.push(line);
    onLine(line);
  }
  return lines;
}

function exitOf(child: ChildProcess): Promise<WorkerExit> {
  return new Promise((resolve) => {
    child.once('error', () => resolve({ code: null, signal: null }));
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
}

async function answerOf(exit: WorkerExit, lines: string[], run: WhisperRun, file: string): Promise<WhisperAnswer> {
  const last = Math.max(0, lines.length - EVIDENCE_LINES);
  const evidence = lines.filter((line, i) => i >= last || line.startsWith('error:')).join('\n');
  if (exit.code === EXIT_MODEL || lines.some((line) => line.includes('no tensors loaded from model file'))) {
    throw new ModelError(`Whisper cannot load the model ${basename(run.modelPath)}.`, {
      remedy: 'Install the model again: longhand models pull NAME.',
      evidence,
    });
  }
  if (exit.code !== 0) {
    const how = exit.signal
      ? `was ended by ${exit.signal}`
      : exit.code === null
        ? 'did not start'
        : `exited with ${exit.code}`;
    throw new EngineError(`whisper-cli ${how}.`, { evidence });
  }
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new EngineError('whisper-cli ended without an answer.', { evidence });
  }
  const answer = parseWhisperAnswer(bytes);
  if (!run.detectOnly && answer.language !== run.language) {
    throw new EngineError(`whisper-cli answered in '${answer.language}' where '${run.language}' was asked for.`, {
      evidence,
    });
  }
  return answer;
}
