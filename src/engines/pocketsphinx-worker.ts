/**
 * One `pocketsphinx_batch` kept alive for many slices.
 *
 * The program is made for lists of files: it reads a control file line by line and writes its answers to two others. Here
 * these three are FIFOs, so the list never ends, the model is loaded once, and a line is answered as soon as it is written:
 *
 *     this process ──"a0 startFrame endFrame u7"──▶ ctl ──▶ pocketsphinx_batch ──▶ hyp, ctm ──▶ this process
 *
 * What must be known about it:
 * - We open all three for reading and writing, so that no open() waits for the other side; hence the death of the program
 *   closes none of them and shows only in its exit, and its unanswered line is lost with it.
 * - They are read through `net.Socket`, which polls; file streams would block the thread pool, four at a time.
 * - A control line cannot hold spaces. It names a symbolic link in the worker's folder, which `-cepdir` names.
 * - A range is read to the end frame plus one window (410 samples), hence the -2; frames are 10 ms.
 * - `-remove_silence no`: else times are those of a recording without its silences. `-cmn batch`: the mean of the
 *   spectrum is taken over the slice alone, so that its words do not depend on what was decoded before.
 * - A missing or short file is no error to it, so the file is looked at first.
 * - Its log goes to stderr, unbuffered and after the answer, so the line "u7: 9.9 seconds speech" proves that nothing more
 *   will come: an answer that is incomplete then is an error and not a wait without end.
 */
import type { ChildProcess } from 'node:child_process';
import { closeSync, constants, createReadStream, createWriteStream, openSync, writeSync } from 'node:fs';
import { mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { EngineError, ModelError } from '../domain/errors.ts';
import { findProgram, spawnNative } from '../native/spawn.ts';
import type { Word } from '../transcript/transcript.ts';
import type { AudioSlice, EngineWorker, WorkerExit, WorkerOptions } from './engine.ts';
import { PocketSphinxAnswer } from './pocketsphinx-answer.ts';
import { INSTALL, knowsOption, readModelFolder, requirePocketSphinx } from './pocketsphinx-install.ts';

const FRAME_SAMPLES = 160;
const SAMPLES_PER_MS = 16;
const BYTES_PER_SAMPLE = 2;
/** The end frame of a range is read with the whole analysis window that begins there. */
const WINDOW_FRAMES = 2;
/** No word is said in 30 ms, and the program wants an end after the start. */
const LEAST_FRAMES = 3;
/** It counts samples in 32 bits: what lies beyond (37 hours) is copied, or it would silently read somewhere else. */
const LAST_FRAME = Math.floor((2 ** 31 - 1) / FRAME_SAMPLES);
const LOG_TAIL_LINES = 20;
/** Of the log, what is said about every slice, the table of options, and the answers. */
const CHATTER = /^(INFO:|\s*$|-\w+\s|\[NAME\]|Current configuration|u\d+ done|.*\(u\d+ -?\d+\)$)/;
/** A tenth of a second of silence: its answer shows that the model is loaded and all three FIFOs work. */
const FIRST_SLICE_SAMPLES = 1_600;

/**
 * Starts a worker and waits until it has answered a first, silent slice.
 * @throws ModelError when PocketSphinx or its model is missing or does not load.
 * @throws EngineError when the program was ended from outside.
 */
export async function openPocketSphinxWorker(options: WorkerOptions): Promise<EngineWorker> {
  const program = requirePocketSphinx();
  if (!options.model.path) {
    throw new ModelError(`The PocketSphinx model ${options.model.name} has no folder.`, { remedy: INSTALL });
  }
  const model = await readModelFolder(options.model.path);
  const args = [
    ...['-hmm', model.acoustic, '-lm', model.languageModel, '-dict', model.dictionary],
    ...['-adcin', 'yes', '-cepext', '.raw', '-cmn', 'batch'],
    ...((await knowsOption(program, '-remove_silence')) ? ['-remove_silence', 'no'] : []),
  ];
  const folder = await mkdtemp(join(options.scratchDir, 'pocketsphinx-'));
  let worker: PocketSphinxWorker | undefined;
  try {
    const fifo = { ctl: join(folder, 'ctl'), hyp: join(folder, 'hyp'), ctm: join(folder, 'ctm') };
    await makeFifos(Object.values(fifo));
    const files = ['-cepdir', folder, '-ctl', fifo.ctl, '-hyp', fifo.hyp, '-ctm', fifo.ctm];
    worker = new PocketSphinxWorker(program, [...args, ...files], folder, fifo, options.onLine);
    await answerFirstSlice(worker, folder, options.model.name);
    return worker;
  } catch (error) {
    await worker?.close();
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

async function answerFirstSlice(worker: PocketSphinxWorker, folder: string, model: string): Promise<void> {
  const audioPath = join(folder, 'first-slice');
  await writeFile(audioPath, new Uint8Array(FIRST_SLICE_SAMPLES * BYTES_PER_SAMPLE), { mode: 0o600 });
  try {
    await worker.transcribe({ audioPath, startSample: 0, endSample: FIRST_SLICE_SAMPLES });
  } catch (error) {
    const exit = worker.exit;
    if (!(error instanceof EngineError) || exit?.code == null) throw error;
    throw new ModelError(`PocketSphinx does not start with the model ${model} (exit code ${exit.code}).`, {
      ...(error.evidence ? { evidence: error.evidence } : {}),
    });
  }
}

/** Node has no call for it. */
async function makeFifos(paths: string[]): Promise<void> {
  const mkfifo = findProgram('mkfifo');
  if (!mkfifo) throw new EngineError('The program mkfifo (coreutils) is missing.', { remedy: 'Install coreutils.' });
  const child = spawnNative(mkfifo, ['-m', '600', ...paths], { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const { code, signal } = await exitOf(child);
  if (code !== 0) throw new EngineError(`mkfifo ended with ${signal ?? code}.`, { evidence: stderr });
}

function exitOf(child: ChildProcess): Promise<WorkerExit & { startError?: Error }> {
  return new Promise((resolve) => {
    let startError: Error | undefined;
    child.on('error', (error) => {
      startError = error;
    });
    child.on('close', (code, signal) => resolve({ code, signal, ...(startError ? { startError } : {}) }));
  });
}

interface Pending {
  id: string;
  answer: PocketSphinxAnswer;
  resolve(words: Word[]): void;
  reject(error: unknown): void;
}

class PocketSphinxWorker implements EngineWorker {
  readonly pid: number | undefined;
  readonly exited: Promise<WorkerExit>;
  /** How it ended, once it has. */
  exit: WorkerExit | undefined;
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #ctl: number;
  readonly #outputs: Socket[];
  readonly #onLine: (line: string) => void;
  readonly #links = new Map<string, string>();
  readonly #logTail: string[] = [];
  #startError: Error | undefined;
  #slices = 0;
  #pending: Pending | undefined;
  #busy = false;
  #closing: Promise<void> | undefined;

  constructor(
    program: string,
    args: string[],
    folder: string,
    fifo: { ctl: string; hyp: string; ctm: string },
    onLine: (line: string) => void,
  ) {
    this.#folder = folder;
    this.#onLine = onLine;
    this.#ctl = openFifo(fifo.ctl);
    this.#outputs = [
      this.#read(fifo.hyp, (answer, line) => answer.addHypothesis(line)),
      this.#read(fifo.ctm, (answer, line) => answer.addTime(line)),
    ];
    this.#child = spawnNative(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.pid = this.#child.pid;
    createInterface({ input: this.#child.stderr as Readable }).on('line', (line) => this.#log(line));
    this.exited = exitOf(this.#child).then(({ startError, ...exit }) => {
      this.exit = exit;
      this.#startError = startError;
      this.#fail(this.#death());
      return exit;
    });
  }

  async transcribe(wanted: AudioSlice): Promise<Word[]> {
    if (this.#busy) throw new EngineError('This PocketSphinx worker is at work on another chunk.');
    this.#busy = true;
    try {
      this.#refuseIfEnded();
      const slice = wanted.endSample > LAST_FRAME * FRAME_SAMPLES ? await this.#copy(wanted) : wanted;
      const startFrame = Math.floor(slice.startSample / FRAME_SAMPLES);
      const endFrame = Math.ceil(slice.endSample / FRAME_SAMPLES);
      const name = await this.#link(slice);
      this.#refuseIfEnded();
      if (endFrame - startFrame < LEAST_FRAMES) return [];
      const offsetMs = (slice.startSample - startFrame * FRAME_SAMPLES) / SAMPLES_PER_MS;
      const durationMs = (slice.endSample - slice.startSample) / SAMPLES_PER_MS;
      const id = `u${this.#slices++}`;
      const words = await new Promise<Word[]>((resolve, reject) => {
        this.#pending = { id, answer: new PocketSphinxAnswer(id, durationMs + offsetMs), resolve, reject };
        writeSync(this.#ctl, `${name} ${startFrame} ${endFrame - WINDOW_FRAMES} ${id}\n`);
      });
      return words.map((word) => ({ ...word, ...relativeTo(offsetMs, word) }));
    } finally {
      this.#pending = undefined;
      this.#busy = false;
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #end(): Promise<void> {
    this.#child.kill('SIGKILL'); // Also ends a stopped process.
    await this.exited;
    for (const output of this.#outputs) output.destroy();
    closeSync(this.#ctl);
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** The slice as a recording of its own. */
  async #copy({ audioPath, startSample, endSample }: AudioSlice): Promise<AudioSlice> {
    const copyPath = join(this.#folder, 'copy');
    const range = { start: startSample * BYTES_PER_SAMPLE, end: endSample * BYTES_PER_SAMPLE - 1 };
    await pipeline(createReadStream(audioPath, range), createWriteStream(copyPath, { mode: 0o600 }));
    return { audioPath: copyPath, startSample: 0, endSample: endSample - startSample };
  }

  /** A name without spaces for a recording, and proof that the slice is in it. */
  async #link({ audioPath, endSample }: AudioSlice): Promise<string> {
    const { size } = await stat(audioPath).catch((error: NodeJS.ErrnoException) => {
      throw new EngineError(`The decoded audio of a chunk cannot be read (${error.code}).`, { evidence: audioPath });
    });
    if (size < endSample * BYTES_PER_SAMPLE) {
      const evidence = `${audioPath} holds ${size / BYTES_PER_SAMPLE} samples, the chunk ends at ${endSample}.`;
      throw new EngineError('The decoded audio is shorter than its chunk.', { evidence });
    }
    let name = this.#links.get(audioPath);
    if (name === undefined) {
      name = `a${this.#links.size}`;
      await symlink(audioPath, join(this.#folder, `${name}.raw`));
      this.#links.set(audioPath, name);
    }
    return name;
  }

  #read(path: string, add: (answer: PocketSphinxAnswer, line: string) => void): Socket {
    const socket = new Socket({ fd: openFifo(path), readable: true, writable: false });
    socket.on('error', (error) => this.#fail(error));
    createInterface({ input: socket }).on('line', (line) => {
      const pending = this.#pending;
      if (!pending) return; // The rest of an answer that was given up.
      try {
        add(pending.answer, line);
        const words = pending.answer.complete();
        if (words) pending.resolve(words);
      } catch (error) {
        this.#fail(error);
      }
    });
    return socket;
  }

  #log(line: string): void {
    const done = /: (u\d+): [\d.]+ seconds speech/.exec(line)?.[1];
    // The log may lag behind: a line about an earlier slice says nothing about this one.
    if (done && done === this.#pending?.id) this.#checkAfterNextPoll();
    if (CHATTER.test(line)) return;
    this.#logTail.push(line);
    if (this.#logTail.length > LOG_TAIL_LINES) this.#logTail.shift();
    if (this.#slices > 1) this.#onLine(line); // About the first, silent slice it always complains.
    if (/Failed to open .*\.raw/.test(line))
      this.#fail(new EngineError('PocketSphinx cannot open the audio.', { evidence: line }));
  }

  /** What was written before the log line is read when the event loop has polled once more. */
  #checkAfterNextPoll(): void {
    const pending = this.#pending;
    setImmediate(() =>
      setImmediate(() => {
        if (pending && pending === this.#pending) this.#fail(pending.answer.incomplete());
      }),
    );
  }

  #fail(error: unknown): void {
    this.#pending?.reject(error);
  }

  #refuseIfEnded(): void {
    if (this.exit || this.#closing) throw this.#death();
  }

  #death(): EngineError {
    if (!this.exit) return new EngineError('The PocketSphinx worker was closed.');
    const how = this.exit.signal ? `was ended by ${this.exit.signal}` : `ended with exit code ${this.exit.code}`;
    const evidence = [this.#startError?.message ?? '', ...this.#logTail].join('\n').trim();
    return new EngineError(`PocketSphinx ${how} while it was needed.`, evidence ? { evidence } : {});
  }
}

function openFifo(path: string): number {
  return openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
}

function relativeTo(offsetMs: number, { startMs, endMs }: Word): { startMs: number; endMs: number } {
  return { startMs: Math.max(0, startMs - offsetMs), endMs: Math.max(0, endMs - offsetMs) };
}
