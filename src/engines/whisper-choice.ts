/** Which of the installed Whisper models to take, and how much memory that needs (domain/model-choice.ts has the rules). */
import { stat } from 'node:fs/promises';
import { basename, join, sep } from 'node:path';
import { LonghandError, ModelError } from '../domain/errors.ts';
import {
  chooseModel,
  type InstalledModel,
  jobNeedBytes,
  memoryNeedBytes,
  type NoModel,
  nextSmallerModel,
  RUNNER_BYTES,
} from '../domain/model-choice.ts';
import type { ChosenModel, RecordingFacts } from './engine.ts';
import { inspectGgmlModel } from './ggml-model.ts';
import { catalogueModel, listModels, modelsFolder } from './models.ts';

type Installed = InstalledModel & { path: string };

/** The models that `auto` chooses from. */
export async function usableModels(cacheDir: string): Promise<Installed[]> {
  const whole = (await listModels(cacheDir)).filter(({ installed }) => installed);
  return await Promise.all(
    whole.map(async ({ name, sizeBytes, path = '' }) => {
      const { multilingual } = await inspectGgmlModel(path);
      return { name, sizeBytes, path, englishOnly: !multilingual };
    }),
  );
}

/**
 * Makes sure, before anything is known of a recording, that there is a model for it.
 * @throws ModelError
 */
export async function requireUsableModel(cacheDir: string, language: string): Promise<void> {
  const choice = chooseModel({ ...UNLIMITED, language, installed: await usableModels(cacheDir) });
  if ('problem' in choice) throw errorOf(choice);
}

const UNLIMITED = {
  durationSeconds: 0,
  quality: undefined,
  processes: 1,
  freeBytes: Number.MAX_SAFE_INTEGER,
  limitBytes: Number.MAX_SAFE_INTEGER,
};

/** @throws ModelError, or LonghandError of the kind `memory` */
export async function chooseWhisperModel(recording: RecordingFacts, cacheDir: string): Promise<ChosenModel> {
  const installed = await usableModels(cacheDir);
  const choice = chooseModel({ ...recording, installed });
  if ('problem' in choice) throw errorOf(choice);
  const { path } = installed.find(({ name }) => name === choice.model) as Installed;
  return { model: { name: choice.model, path, reason: choice.reason }, processes: choice.processes };
}

export async function smallerWhisperModel(
  current: { model: string; language: string },
  cacheDir: string,
): Promise<{ model: string } | { problem: string }> {
  const next = nextSmallerModel(basename(current.model), await usableModels(cacheDir), current.language);
  return 'model' in next ? next : { problem: `${next.problem} ${next.remedy}` };
}

/** As `Engine.memoryNeedBytes`. */
export async function whisperMemoryNeedBytes(
  { model, processes }: { model: string; processes: number },
  cacheDir: string,
): Promise<number> {
  if (model !== 'auto') {
    const sizeBytes = await sizeOf(fileOf(model, cacheDir));
    return sizeBytes === undefined ? RUNNER_BYTES : jobNeedBytes({ name: basename(model), sizeBytes }, processes);
  }
  const installed = await usableModels(cacheDir);
  if (installed.length === 0) return RUNNER_BYTES;
  return Math.min(...installed.map((each) => RUNNER_BYTES + memoryNeedBytes(each)));
}

/** Where a model's file is or would be. A name is one without a folder. */
function fileOf(model: string, cacheDir: string): string {
  if (model.includes(sep)) return model;
  return join(modelsFolder(cacheDir), catalogueModel(model)?.fileName ?? `ggml-${model}.bin`);
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

function errorOf({ kind, problem, remedy }: NoModel): LonghandError {
  return kind === 'model' ? new ModelError(problem, { remedy }) : new LonghandError({ kind, message: problem, remedy });
}
