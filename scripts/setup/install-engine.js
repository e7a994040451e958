import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from './cache-folder.js';
import { CHOICE, settledForPocketSphinx, whisperProgram } from './engine.js';
import { findProgram } from './find-program.js';
import { modelSource, sourceAnswers } from './model-source.js';
import { run } from './run.js';
import { Interrupted, SetUpError, say } from './say.js';
import { installPrograms } from './system-packages.js';

/**
 * What has to be done before the engine can be installed, and which it will be.
 * @param {AbortSignal} signal
 * @returns {Promise<{ engine: 'whisper' | 'pocketsphinx', programs: string[] }>}
 */
export async function chooseEngine(signal) {
  const whisper = !settledForPocketSphinx() && (await sourceAnswers(modelSource(), signal));
  if (signal.aborted) throw new Interrupted(signal.reason);
  if (!whisper) return { engine: 'pocketsphinx', programs: ['pocketsphinx_batch'] };
  return { engine: 'whisper', programs: whisperProgram() ? [] : ['cmake', 'make', 'g++'] };
}

/**
 * Builds Whisper where it is missing, and pulls its model. When that fails the machine still gets an engine.
 * @param {string} root
 * @param {import('./run.js').RunOptions} options
 */
export async function installWhisper(root, options) {
  const longhand = (/** @type {string[]} */ ...args) =>
    run(process.execPath, [join(root, 'dist/longhand.js'), ...args], { ...options, shown: true });
  try {
    if (!whisperProgram()) {
      say('building Whisper for this machine (longhand engines install whisper; a few minutes)');
      await longhand('engines', 'install', 'whisper');
    }
    say('pulling the Whisper model "base" (longhand models pull base)');
    await longhand('models', 'pull', 'base');
  } catch (error) {
    if (!(error instanceof SetUpError)) throw error;
    say(`Whisper could not be installed: ${error.message}`);
    await installPrograms(
      ['pocketsphinx_batch'].filter((name) => !findProgram(name)),
      options,
    );
    settleForPocketSphinx('Whisper could not be installed');
  }
}

/**
 * Remembers the choice, and tells what it means.
 * @param {string} reason
 */
export function settleForPocketSphinx(reason) {
  if (settledForPocketSphinx()) return;
  mkdirSync(cacheFolder(), { recursive: true, mode: 0o700 });
  const choice = { engine: 'pocketsphinx', modelSource: modelSource(), reason };
  writeFileSync(join(cacheFolder(), CHOICE), `${JSON.stringify(choice, null, 2)}\n`, { mode: 0o600 });
  say(
    `${reason}, so PocketSphinx does the work: English only, and less exact. ` +
      'For Whisper later: npx longhand engines install whisper && npx longhand models pull base',
  );
}
