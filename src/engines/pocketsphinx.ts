/**
 * PocketSphinx (https://github.com/cmusphinx/pocketsphinx): works without any download, in English only, and not well: it
 * is what Longhand falls back to where no Whisper model can be had.
 */
import { RUNNER_BYTES } from '../domain/model-choice.ts';
import type { Engine } from './engine.ts';
import { checkPocketSphinx, DEFAULT_MODEL, resolvePocketSphinxModel } from './pocketsphinx-install.ts';
import { openPocketSphinxWorker } from './pocketsphinx-worker.ts';

/** Measured: the most that pocketsphinx_batch 0.8 had resident with the en-us model, on slices of 30 s, is 115 MB. */
const WORKER_BYTES = 120e6;

/** Single-threaded; more of it is had with more workers. */
export const pocketsphinx: Engine = {
  name: 'pocketsphinx',
  label: 'PocketSphinx',
  chunkDurationSeconds: 20,
  maxChunkSeconds: 30,
  languages: ['en'],
  /** Measured with the en-us model on one core: minutes of speech at 0.22, eleven seconds at up to 0.55. */
  seedRealtimeFactor: (_model, processes = 1) => 0.25 / processes,
  coresOf: () => 1,
  memoryNeedBytes: async ({ processes }) => RUNNER_BYTES + processes * WORKER_BYTES,
  check: () => checkPocketSphinx(),
  resolveModel: (requested) => resolvePocketSphinxModel(requested),
  installedModels: async () => ((await checkPocketSphinx()).available ? [DEFAULT_MODEL] : []),
  openWorker: (options) => openPocketSphinxWorker(options),
};
