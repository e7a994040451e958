/**
 * Whisper, by whisper.cpp's own program: one whisper-cli process for each slice
 * (docs/decisions/0003-whisper-process.md says why and what it costs).
 *
 * So nothing that a slice decodes can reach the next one, decoding may fall back to sampling where it has gone astray,
 * and there is no listening port. A worker is the order in which slices follow each other; it is over when one of its
 * processes dies.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { basename, isAbsolute, join, resolve, sep } from 'node:path';
import { promisify } from 'node:util';
import { EngineError, ModelError, UsageError } from '../domain/errors.ts';
import type { ModelEntry } from '../domain/model-shelf.ts';
import { findProgram } from '../native/spawn.ts';
import type { Word } from '../transcript/transcript.ts';
import type { AudioSlice, Engine, EngineWorker, ResolvedModel, WorkerExit, WorkerOptions } from './engine.ts';
import { inspectGgmlModel } from './ggml-model.ts';
import { installedModel, listModels, nearestModelName } from './models.ts';
import { builtWhisper } from './whisper-build.ts';
import {
  chooseWhisperModel,
  requireUsableModel,
  smallerWhisperModel,
  whisperMemoryNeedBytes,
} from './whisper-choice.ts';
import { tagOfWhisperCode, WHISPER_LANGUAGES, whisperCodeOf } from './whisper-languages.ts';
import { type RunningWhisper, sliceDurationMs, startWhisper } from './whisper-process.ts';
import { wordsOf } from './whisper-words.ts';

/** Whisper hears 30 s at a time (whisper.h, `WHISPER_CHUNK_SIZE`); a longer slice would cost a second window. */
const MAX_CHUNK_SECONDS = 29;
const CHUNK_SECONDS = 28;
const VERSION_TIMEOUT_MS = 5_000;

/** Before anything was measured: the table of the feature catalogue (C7). */
const SEED_REALTIME_FACTORS: Readonly<Record<string, number>> = {
  tiny: 0.1,
  base: 0.2,
  small: 0.3,
  medium: 0.5,
  large: 1,
  'large-v3-turbo': 0.5,
  // Not chosen yet: medium, for most recordings.
  auto: 0.5,
};

export const whisper: Engine = {
  name: 'whisper',
  label: 'Whisper',
  chunkDurationSeconds: CHUNK_SECONDS,
  maxChunkSeconds: MAX_CHUNK_SECONDS,
  languages: [...WHISPER_LANGUAGES, 'jv'],
  seedRealtimeFactor: (model) => SEED_REALTIME_FACTORS[model] ?? 1,
  async check({ cacheDir }) {
    const program = await findWhisper(cacheDir);
    if (!program) {
      return {
        available: false,
        detail: 'whisper-cli is not installed.',
        remedy: 'Run: longhand engines install whisper',
      };
    }
    const version = await versionOf(program);
    if (!version) {
      return {
        available: false,
        detail: `${program} does not run on this machine`,
        remedy: 'Remove it, then run: longhand engines install whisper',
      };
    }
    const detail = `${version} at ${program}`;
    const installed = (await listModels(cacheDir)).filter((model) => model.installed);
    if (installed.length === 0) {
      return { available: false, detail: `${detail}, no model`, remedy: 'Run: longhand models pull base' };
    }
    return { available: true, detail: `${detail}, models: ${installed.map((model) => model.name).join(', ')}` };
  },
  resolveModel: async (requested, { cacheDir }, language = 'auto') => {
    if (requested !== 'auto') return await resolveModel(requested, cacheDir);
    await requireUsableModel(cacheDir, language);
    return { name: 'auto' };
  },
  async installedModels({ cacheDir }) {
    if (!(await findWhisper(cacheDir))) return [];
    return (await listModels(cacheDir)).filter(({ installed }) => installed).map(({ name }) => name);
  },
  chooseModel: (recording, { cacheDir }) => chooseWhisperModel(recording, cacheDir),
  smallerModel: (current, { cacheDir }) => smallerWhisperModel(current, cacheDir),
  memoryNeedBytes: (need, { cacheDir }) => whisperMemoryNeedBytes(need, cacheDir),
  async detectLanguage(slice, options) {
    const { program, modelPath, multilingual } = await prepare(options);
    if (!multilingual) return 'en';
    const folder = await mkdtemp(join(options.scratchDir, 'whisper-'));
    try {
      const { answer } = await startWhisper({
        ...{ program, modelPath, slice, folder, threads: options.threads, onLine: options.onLine },
        language: 'auto',
        detectOnly: true,
      });
      return tagOfWhisperCode((await answer).language);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
  openWorker,
};

/** The whisper-cli that is used: one on PATH, else one that was built into the cache folder for this machine. */
export async function findWhisper(cacheDir: string): Promise<string | undefined> {
  return findProgram('whisper-cli') ?? (await builtWhisper(cacheDir));
}

/** Older programs know no `--version`, but exit with 0 on what they do not know. Undefined when it does not run at all. */
async function versionOf(program: string): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(program, ['--version'], { timeout: VERSION_TIMEOUT_MS });
    const version = /version: (\S+)/.exec(stdout)?.[1];
    return version ? `whisper.cpp ${version}` : 'whisper.cpp';
  } catch {
    return undefined; // A library or an instruction that is missing here: the caller says what to do.
  }
}

async function resolveModel(requested: string, cacheDir: string): Promise<ResolvedModel> {
  const entry = await installedModel(requested, cacheDir);
  if (entry) return await verified(entry);
  if (requested.includes(sep) || requested.endsWith('.bin')) {
    const path = resolve(requested);
    if (!(await stat(path).catch(() => undefined))?.isFile()) {
      throw new ModelError(`The model file ${path} does not exist.`, {
        remedy: 'Give the path of a ggml whisper model, or a name from: longhand models list',
      });
    }
    await inspectGgmlModel(path);
    return { name: basename(path), path };
  }
  const near = nearestModelName(requested);
  throw new ModelError(`Whisper has no model '${requested}'${near ? `; did you mean '${near}'?` : '.'}`, {
    remedy: 'The names are in: longhand models list',
  });
}

async function verified(entry: ModelEntry): Promise<ResolvedModel> {
  if (!entry.installed || !entry.path) {
    const damaged = entry.problem !== undefined;
    throw new ModelError(
      damaged ? `Model '${entry.name}' is damaged: ${entry.problem}.` : `Model '${entry.name}' is not installed.`,
      { remedy: `Run: longhand models pull ${entry.name}` },
    );
  }
  return { name: entry.name, path: entry.path };
}

/** What every run needs, checked again here because the file may have changed since it was chosen. */
async function prepare(options: WorkerOptions) {
  const program = await findWhisper(options.settings.cacheDir);
  if (!program) {
    throw new EngineError('whisper-cli is not installed.', { remedy: 'Run: longhand engines install whisper' });
  }
  const modelPath = options.model.path;
  if (!modelPath || !isAbsolute(modelPath)) {
    throw new ModelError(`Model '${options.model.name}' has no file.`, {
      remedy: 'Install it again: longhand models pull NAME. The names are in: longhand models list',
    });
  }
  const { multilingual } = await inspectGgmlModel(modelPath);
  return { program, modelPath, multilingual };
}

async function openWorker(options: WorkerOptions): Promise<EngineWorker> {
  const { program, modelPath, multilingual } = await prepare(options);
  const language = whisperCodeOf(options.language);
  if (!language) throw new UsageError(`Whisper does not know the language '${options.language}'.`);
  if (!multilingual && language !== 'en') {
    throw new UsageError(
      `Model '${options.model.name}' understands English only, not '${options.language}'.`,
      'Choose a multilingual model, for example: --model base',
    );
  }
  const folder = await mkdtemp(join(options.scratchDir, 'whisper-'));
  const { promise: exited, resolve: settle } = withResolvers<WorkerExit>();
  let running: RunningWhisper | undefined;
  let starting: Promise<RunningWhisper> | undefined;
  let over = false;
  let firstRun = true;

  async function transcribe(slice: AudioSlice): Promise<Word[]> {
    if (over) throw new EngineError('This whisper worker has ended.');
    if (starting) throw new EngineError('This whisper worker is busy with another slice.');
    const logged = firstRun;
    firstRun = false;
    starting = startWhisper({
      ...{ program, modelPath, language: language as string, threads: options.threads, slice, folder },
      // The model's parameters and timings are told once; after that only what went wrong.
      onLine: (line) => {
        if (logged || /error|warn|fail/i.test(line)) options.onLine(line);
      },
    });
    try {
      running = await starting;
      if (over) running.child.kill('SIGKILL');
      const words = wordsOf(await running.answer, sliceDurationMs(slice));
      await rm(join(folder, 'answer.json'), { force: true });
      return words;
    } catch (error) {
      over = true;
      settle(running ? await running.exited : { code: null, signal: null });
      throw error;
    } finally {
      running = undefined;
      starting = undefined;
    }
  }

  async function close(): Promise<void> {
    over = true;
    const process = running ?? (await starting?.catch(() => undefined));
    if (process) {
      process.child.kill('SIGKILL');
      settle(await process.exited);
    }
    settle({ code: null, signal: null });
    await rm(folder, { recursive: true, force: true });
  }

  return {
    get pid() {
      return running?.child.pid;
    },
    exited,
    transcribe,
    close,
  };
}

/** `Promise.withResolvers`, which Node 20 does not have yet. */
function withResolvers<T>(): { promise: Promise<T>; resolve(value: T): void } {
  let settle: (value: T) => void = () => {};
  const promise = new Promise<T>((done) => {
    settle = done;
  });
  return { promise, resolve: settle };
}
