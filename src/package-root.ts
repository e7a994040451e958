import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of this package: the nearest one above this file, source or build, that has a package.json. */
function findPackageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json')) && folder !== dirname(folder)) folder = dirname(folder);
  return folder;
}

export const PACKAGE_ROOT = findPackageRoot();
/** The built program of a runner. */
export const RUNNER_PROGRAM = join(PACKAGE_ROOT, 'dist', 'runner.js');
/** The built `longhand` command. */
export const PROGRAM = join(PACKAGE_ROOT, 'dist', 'longhand.js');
/** The interview that ships with Longhand. */
export const SAMPLE_RECORDING = join(PACKAGE_ROOT, 'samples', 'interview.flac');
