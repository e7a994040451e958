/** The set-up itself, when something is missing: under the lock, one step after the other, each said in one line. */
import { closeSync } from 'node:fs';
import { join } from 'node:path';
import { buildIsFresh } from './build.js';
import { engineIsSettled } from './engine.js';
import { findProgram } from './find-program.js';
import { chooseEngine, installWhisper, settleForPocketSphinx } from './install-engine.js';
import { installPackages } from './install-packages.js';
import { takeLock } from './lock.js';
import { packagesAreInstalled } from './packages.js';
import { isClone } from './ready.js';
import { run } from './run.js';
import { Interrupted, SetUpError, say } from './say.js';
import { installPrograms } from './system-packages.js';

/** Errors of the file system that the user can do something about. */
const UNWRITABLE = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOSPC']);
const SIGNALS = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 };

/**
 * @param {string} root
 * @param {import('./needs.js').Needs} needs
 * @returns {Promise<boolean>} false when it did not work out; why was said, and the exit code is set
 */
export async function carryOut(root, needs) {
  const interruption = new AbortController();
  const interrupt = (/** @type {NodeJS.Signals} */ signal) => {
    if (interruption.signal.aborted) return;
    say('stopping as soon as that leaves nothing half done');
    interruption.abort(signal);
  };
  for (const signal of Object.keys(SIGNALS)) process.on(signal, interrupt);
  let lock;
  try {
    lock = await takeLock(root, interruption.signal, () => say('waiting for another set-up in this folder'));
    await takeSteps(root, needs, { signal: interruption.signal, lock });
    return true;
  } catch (error) {
    process.exitCode = report(error);
    return false;
  } finally {
    if (lock !== undefined) closeSync(lock);
    for (const signal of Object.keys(SIGNALS)) process.off(signal, interrupt);
  }
}

/**
 * What needs root comes first: who has to do it by hand is told so before anything has taken its time.
 * @param {string} root
 * @param {import('./needs.js').Needs} needs
 * @param {import('./run.js').RunOptions} options
 */
async function takeSteps(root, needs, options) {
  const choice = needs.engine === 'any' && !engineIsSettled() ? await chooseEngine(options.signal) : undefined;
  const programs = [...needs.programs, ...(choice?.programs ?? [])];
  await installPrograms(
    programs.filter((name) => !findProgram(name)),
    options,
  );
  if (isClone(root)) {
    if (!packagesAreInstalled(root)) await installPackages(root, options);
    if (!buildIsFresh(root)) await build(root, options);
  }
  if (choice?.engine === 'whisper') await installWhisper(root, options);
  if (choice?.engine === 'pocketsphinx') settleForPocketSphinx('The source of Whisper models does not answer');
}

/**
 * @param {string} root
 * @param {import('./run.js').RunOptions} options
 */
async function build(root, options) {
  say('building');
  await run(process.execPath, [join(root, 'scripts/build.js'), '--no-types'], { ...options, cwd: root });
}

/**
 * Says what went wrong.
 * @param {unknown} error
 * @returns {number} the exit code
 */
function report(error) {
  if (error instanceof Interrupted) return 128 + SIGNALS[error.signal];
  if (UNWRITABLE.has(error.code)) error = new SetUpError(`${error.message}. This folder must be writable to set up.`);
  if (!(error instanceof SetUpError)) throw error;
  if (error.output) process.stderr.write(error.output.endsWith('\n') ? error.output : `${error.output}\n`);
  say(error.message);
  return 1;
}
