import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { UsageError } from '../domain/errors.ts';
import type { Engine, EngineName, EngineSettings } from '../engines/engine.ts';
import type { JobParameters } from '../pipeline/order.ts';
import { insertJob } from '../store/jobs.ts';
import type { Store } from '../store/store.ts';
import { chooseEngine } from './choose-engine.ts';

export interface Submission extends Omit<JobParameters, 'engine'> {
  /** Absolute path of the recording, as data: any characters. */
  path: string;
  engine: EngineName | 'auto';
}

export interface SubmitContext {
  store: Store;
  engines: readonly Engine[];
  settings: EngineSettings;
}

export interface Submitted {
  id: number;
  filename: string;
  engine: EngineName;
  model: string;
}

/**
 * Accepts a recording as a job.
 * @throws UsageError when there is nothing to transcribe or nothing to do it with; then no job exists
 */
export async function submit({ store, engines, settings }: SubmitContext, wish: Submission): Promise<Submitted> {
  await requireFile(wish.path);
  const { engine, model } = await chooseEngine(engines, settings, wish);
  requireChunkFits(engine, wish);
  const { path, ...asked } = wish;
  const parameters: JobParameters = { ...asked, engine: engine.name };
  const filename = basename(path);
  const id = await insertJob(store, {
    filename,
    originalPath: path,
    engine: engine.name,
    model: model.name,
    language: wish.language,
    processes: wish.processes,
    workers: wish.workers,
    parameters,
    stages: {
      download: 'skipped',
      prepare: 'not_started',
      transcribe: 'not_started',
      diarize: 'skipped',
      quotes: 'skipped',
      summary: 'skipped',
    },
    actor: 'user',
  });
  return { id, filename, engine: engine.name, model: model.name };
}

/**
 * Makes sure that a path is a file that can be read.
 * @throws UsageError
 */
export async function requireFile(path: string): Promise<void> {
  const facts = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') {
      throw new UsageError(`There is no file "${path}".`, 'Check the name; quotes help when it has spaces.');
    }
    throw new UsageError(
      `"${path}" cannot be read (${error.code}).`,
      'Check the permissions of the file and its folders.',
    );
  });
  if (facts.isDirectory()) {
    throw new UsageError(`"${path}" is a folder.`, 'Name the files in it instead.');
  }
  if (!facts.isFile()) throw new UsageError(`"${path}" is not a regular file.`, 'Copy the recording to a file first.');
  await access(path, constants.R_OK).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`"${path}" cannot be read (${error.code}).`, 'Check the permissions of the file.');
  });
}

function requireChunkFits(engine: Engine, { chunkDurationSeconds, overlapSeconds }: Submission): void {
  const longest = engine.maxChunkSeconds - overlapSeconds;
  if (chunkDurationSeconds === undefined || chunkDurationSeconds <= longest) return;
  throw new UsageError(
    `Chunks of ${chunkDurationSeconds} s are too long for ${engine.label}.`,
    `It takes up to ${longest} s${overlapSeconds > 0 ? ` with an overlap of ${overlapSeconds} s` : ''}.`,
  );
}
