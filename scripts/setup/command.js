/** The two ways into the set-up: before a `longhand` command, and by hand or before the tests. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NEEDS_OF_TESTS, NEEDS_OF_TRANSCRIBING, needsOf } from './needs.js';
import { isReady } from './ready.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/**
 * Makes everything ready that this command needs.
 * @param {string[]} args what follows `longhand`
 * @returns {Promise<boolean>} false when the command cannot run; why was said, and the exit code is set
 */
export async function setUpForCommand(args) {
  standWhereTheUserStands();
  return setUp(needsOf(args));
}

/** @param {string[]} args `--for-tests` adds what the tests need */
export async function setUpByHand(args) {
  await setUp(args.includes('--for-tests') ? NEEDS_OF_TESTS : NEEDS_OF_TRANSCRIBING);
}

/** @param {import('./needs.js').Needs} needs */
async function setUp(needs) {
  if (await isReady(ROOT, needs)) return true;
  const { carryOut } = await import('./carry-out.js');
  return carryOut(ROOT, needs);
}

/**
 * `npm run transcribe FILE` starts in the project's folder, wherever the user is: relative paths must count from where
 * the command was typed. `npx longhand` stays in the user's folder by itself.
 */
function standWhereTheUserStands() {
  const { npm_lifecycle_script: script = '', npm_package_json: packageFile, INIT_CWD: userFolder } = process.env;
  const startedByNpm = script.startsWith('node bin/longhand.js') && packageFile === join(ROOT, 'package.json');
  if (startedByNpm && userFolder && process.cwd() === ROOT) process.chdir(userFolder);
}
