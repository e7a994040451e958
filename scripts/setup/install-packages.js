import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from './find-program.js';
import { hasNativePackage, stampPackages } from './packages.js';
import { run } from './run.js';
import { SetUpError, say } from './say.js';
import { installPrograms } from './system-packages.js';

const COMPILERS = ['python3', 'make', 'g++'];

/**
 * Installs what is missing. An `npm install` that somebody ran by hand is taken as it is when it is complete.
 * @param {string} root
 * @param {import('./run.js').RunOptions} options
 */
export async function installPackages(root, options) {
  if (!matchesLock(root)) {
    say('installing the npm packages (npm install; a minute or two the first time)');
    // Not `npm ci`: it refuses locks in which a registry left out packages for other platforms.
    await compiling(
      () =>
        npm(['install', '--no-save', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'], root, options),
      options,
    );
  }
  if (!(await nativePackageLoads(root, options))) {
    say(`building better-sqlite3 for Node ${process.versions.node}`);
    await compiling(() => npm(['rebuild', 'better-sqlite3'], root, options), options);
    if (!(await nativePackageLoads(root, options))) {
      throw new SetUpError('better-sqlite3 was built but does not load. Remove node_modules and try again.');
    }
  }
  stampPackages(root);
}

/**
 * Compares the lock with what npm noted that it installed. Optional packages may be missing: most are for other machines.
 * @param {string} root
 */
function matchesLock(root) {
  const noteFile = join(root, 'node_modules/.package-lock.json');
  if (!existsSync(noteFile)) return false;
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const installed = JSON.parse(readFileSync(noteFile, 'utf8')).packages;
  const { '': top, ...asked } = lock.packages;
  const sameLists = ['dependencies', 'devDependencies'].every(
    (list) => JSON.stringify(top[list]) === JSON.stringify(manifest[list]),
  );
  return (
    sameLists &&
    Object.entries(asked).every(([path, { version, optional }]) => {
      return installed[path] ? installed[path].version === version : Boolean(optional);
    })
  );
}

/**
 * @param {string} root
 * @param {import('./run.js').RunOptions} options
 */
async function nativePackageLoads(root, options) {
  if (!hasNativePackage(root)) return false;
  const probe = "new (require('better-sqlite3'))(':memory:').close()";
  return run(process.execPath, ['-e', probe], { ...options, cwd: root }).then(
    () => true,
    (error) => {
      if (error instanceof SetUpError) return false;
      throw error;
    },
  );
}

/**
 * A compiler is needed only where no ready-made binary fits, so it is looked for only when the step failed without it.
 * @param {() => Promise<unknown>} step
 * @param {import('./run.js').RunOptions} options
 */
async function compiling(step, options) {
  try {
    await step();
  } catch (error) {
    const missing = COMPILERS.filter((name) => !findProgram(name));
    const compiles = error instanceof SetUpError && /\bgyp\b/.test(error.output ?? '');
    if (!compiles || missing.length === 0) throw error;
    await installPrograms(missing, options);
    await step();
  }
}

/**
 * @param {string[]} args
 * @param {string} root
 * @param {import('./run.js').RunOptions} options
 */
function npm(args, root, options) {
  const program = findProgram('npm');
  if (!program) throw new SetUpError('npm is not on the PATH. It comes with Node.js; install both together.');
  return run(program, args, { ...options, cwd: root, env: { CI: 'true', NODE_ENV: '' } });
}
