import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from './find-program.js';
import { run } from './run.js';
import { SetUpError, say } from './say.js';

/**
 * Which package brings a program, by package manager.
 * @type {Record<string, Record<'apt-get' | 'brew', string[]>>}
 */
const PACKAGES = {
  ffmpeg: { 'apt-get': ['ffmpeg'], brew: ['ffmpeg'] },
  ffprobe: { 'apt-get': ['ffmpeg'], brew: ['ffmpeg'] },
  pocketsphinx_batch: { 'apt-get': ['pocketsphinx', 'pocketsphinx-en-us'], brew: ['cmu-pocketsphinx'] },
  flite: { 'apt-get': ['flite'], brew: ['flite'] },
  cmake: { 'apt-get': ['cmake'], brew: ['cmake'] },
  python3: { 'apt-get': ['python3'], brew: ['python'] },
  make: { 'apt-get': ['make'], brew: ['make'] },
  'g++': { 'apt-get': ['g++'], brew: ['gcc'] },
  chromium: { 'apt-get': ['chromium'], brew: ['chromium'] },
  initdb: { 'apt-get': ['postgresql'], brew: ['postgresql@15'] },
};
const LISTS = '/var/lib/apt/lists';
const LISTS_STALE_MS = 24 * 3_600_000;
const WAIT_FOR_DPKG_S = 300;

/**
 * Installs programs with the system's package manager, where that can be done without asking anything.
 * @param {string[]} programs
 * @param {import('./run.js').RunOptions} options
 * @throws {SetUpError} with the command to type, when it cannot
 */
export async function installPrograms(programs, options) {
  if (programs.length === 0) return;
  if (findProgram('apt-get')) await installWithApt(programs, options);
  else if (findProgram('brew')) await installWithBrew(programs, options);
  else {
    throw new SetUpError(
      `${programs.join(', ')} ${programs.length === 1 ? 'is' : 'are'} missing. ` +
        `Install them with your system's package manager, then try again.`,
    );
  }
  const still = programs.filter((name) => !findProgram(name));
  if (still.length > 0) throw new SetUpError(`${still.join(', ')} cannot be found on the PATH, though just installed.`);
}

/**
 * @param {string[]} programs
 * @param {import('./run.js').RunOptions} options
 */
async function installWithApt(programs, options) {
  const packages = packagesOf(programs, 'apt-get');
  const asRoot = await rootPrefix(options);
  if (!asRoot) {
    throw new SetUpError(
      `${programs.join(', ')} must be installed, which needs root. Run this, then try again:\n` +
        `  sudo apt-get update && sudo apt-get install -y ${packages.join(' ')}`,
    );
  }
  const apt = (/** @type {string[]} */ ...args) => {
    const [command, ...rest] = [...asRoot, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', ...args];
    return run(command, rest, { ...options, gentle: true });
  };
  const install = () =>
    apt('install', '-y', '--no-install-recommends', '-o', `DPkg::Lock::Timeout=${WAIT_FOR_DPKG_S}`, ...packages);

  say(`installing ${packages.join(', ')} (apt-get)`);
  if (listsAreStale()) {
    await apt('update');
    await install();
    return;
  }
  try {
    await install();
  } catch (error) {
    if (!(error instanceof SetUpError)) throw error;
    // Lists of this morning may already name packages that the archive has replaced.
    await apt('update');
    await install();
  }
}

/**
 * @param {string[]} programs
 * @param {import('./run.js').RunOptions} options
 */
async function installWithBrew(programs, options) {
  const formulas = packagesOf(programs, 'brew');
  say(`installing ${formulas.join(', ')} (brew)`);
  await run('brew', ['install', ...formulas], { ...options, env: { NONINTERACTIVE: '1', HOMEBREW_NO_ENV_HINTS: '1' } });
}

/**
 * @param {string[]} programs
 * @param {'apt-get' | 'brew'} manager
 */
function packagesOf(programs, manager) {
  return [...new Set(programs.flatMap((name) => PACKAGES[name][manager]))];
}

/**
 * The words before a command that make it root without a question, or undefined.
 * @param {import('./run.js').RunOptions} options
 */
async function rootPrefix(options) {
  if (process.getuid?.() === 0) return [];
  const sudo = findProgram('sudo');
  if (!sudo) return undefined;
  return run(sudo, ['-n', 'true'], options).then(
    () => [sudo, '-n'],
    (error) => {
      if (error instanceof SetUpError) return undefined;
      throw error;
    },
  );
}

/** No lists (as in a fresh container), or old ones: `apt-get install` would ask for packages that are gone. */
function listsAreStale() {
  try {
    const lists = readdirSync(LISTS).filter((name) => name.includes('_Packages'));
    const newestMs = Math.max(...lists.map((name) => statSync(join(LISTS, name)).mtimeMs), statSync(LISTS).mtimeMs);
    return lists.length === 0 || Date.now() - newestMs > LISTS_STALE_MS;
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'EACCES') return true;
    throw error;
  }
}
