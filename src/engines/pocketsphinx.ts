/**
 * PocketSphinx (https://github.com/cmusphinx/pocketsphinx): works without any download, in English only, and not well: it
 * is what Longhand falls back to where no Whisper model can be had.
 */
import type { Engine } from './engine.ts';
import { checkPocketSphinx, resolvePocketSphinxModel } from './pocketsphinx-install.ts';
import { openPocketSphinxWorker } from './pocketsphinx-worker.ts';

/** Single-threaded; more of it is had with more workers. */
export const pocketsphinx: Engine = {
  name: 'pocketsphinx',
  label: 'PocketSphinx',
  chunkDurationSeconds: 20,
  maxChunkSeconds: 30,
  languages: ['en'],
  /** Measured with the en-us model on one core: 11 s of speech took 5.7 to 6.5 s. */
  seedRealtimeFactor: () => 0.55,
  check: () => checkPocketSphinx(),
  resolveModel: (requested) => resolvePocketSphinxModel(requested),
  openWorker: (options) => openPocketSphinxWorker(options),
};
