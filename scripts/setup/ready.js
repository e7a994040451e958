import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { buildIsFresh } from './build.js';
import { findProgram } from './find-program.js';
import { packagesAreInstalled } from './packages.js';

/**
 * A clone has the lock file, which npm never packs. Where it is missing, Longhand was installed as a package: built, and
 * with its dependencies beside it.
 * @param {string} root
 */
export function isClone(root) {
  return existsSync(join(root, 'package-lock.json'));
}

/**
 * Whether there is nothing to do. Runs before every command, so it reads a few small files and starts no program.
 * @param {string} root
 * @param {import('./needs.js').Needs} needs
 */
export async function isReady(root, needs) {
  return (
    (!isClone(root) || (packagesAreInstalled(root) && buildIsFresh(root))) &&
    needs.programs.every((name) => findProgram(name)) &&
    (needs.engine === 'none' || (await import('./engine.js')).engineIsSettled())
  );
}
