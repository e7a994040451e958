import { accessSync, constants, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Debian and Homebrew keep the programs of PostgreSQL's server off the PATH, in a folder for each version. */
const OFF_THE_PATH = { initdb: ['/usr/lib/postgresql', '/opt/homebrew/opt', '/usr/local/opt'] };

/**
 * The absolute path of a program, or undefined.
 * @param {string} name
 * @param {string} [path] folders to look in, as in PATH
 */
export function findProgram(name, path = process.env.PATH ?? '') {
  const onPath = path.split(delimiter).filter(Boolean);
  return [...onPath, ...(OFF_THE_PATH[name] ?? []).flatMap(versionsIn)]
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

/**
 * The folders of programs below one that has a folder for each version, the newest first.
 * @param {string} folder
 */
function versionsIn(folder) {
  try {
    return readdirSync(folder)
      .sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))
      .map((version) => join(folder, version, 'bin'));
  } catch {
    // Not there: then nothing is in it.
    return [];
  }
}

/** @param {string} file */
export function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    // Not there, or not ours to run: the same to the caller.
    return false;
  }
}
