/**
 * Which engine this machine works with. Whisper where it is there, or can be had: it needs a program (on the PATH, or built
 * into the cache folder) and a model. Else PocketSphinx, which Debian and Homebrew have; that choice is remembered for the
 * model source it was made with, so that later runs neither ask nor wait.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from './cache-folder.js';
import { findProgram, isExecutable } from './find-program.js';
import { modelSource } from './model-source.js';

const WHISPER_PROGRAM = 'whisper-cli';
/** In the cache folder: `{ engine, modelSource, reason }`. */
export const CHOICE = 'engine-choice.json';

/** Whether an engine is there and nothing is left to try. Reads a few folders at most. */
export function engineIsSettled() {
  if (whisperProgram() && hasWhisperModel()) return true;
  return settledForPocketSphinx() && findProgram('pocketsphinx_batch') !== undefined;
}

/** Whether it was chosen before, with the model source of now. */
export function settledForPocketSphinx() {
  try {
    const choice = JSON.parse(readFileSync(join(cacheFolder(), CHOICE), 'utf8'));
    return choice.engine === 'pocketsphinx' && choice.modelSource === modelSource();
  } catch (error) {
    // Nothing chosen yet, or a note that was cut short: choose (again).
    if (error.code === 'ENOENT' || error instanceof SyntaxError) return false;
    throw error;
  }
}

/** The absolute path of whisper.cpp's command, or undefined. */
export function whisperProgram() {
  const onPath = findProgram(WHISPER_PROGRAM);
  if (onPath) return onPath;
  const engines = join(cacheFolder(), 'engines');
  return entries(engines)
    .filter((folder) => folder.startsWith('whisper-'))
    .map((folder) => join(engines, folder, WHISPER_PROGRAM))
    .find(isExecutable);
}

function hasWhisperModel() {
  return entries(join(cacheFolder(), 'models')).some((name) => /^ggml-.+\.bin$/.test(name));
}

/** @param {string} folder */
function entries(folder) {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
    throw error;
  }
}
