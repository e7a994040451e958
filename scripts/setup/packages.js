import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const STAMP = 'node_modules/.longhand/packages';
/** The one package that is compiled for this machine and this Node. */
const NATIVE = 'node_modules/better-sqlite3/build/Release/better_sqlite3.node';

/**
 * Whether node_modules is what the lock asks for, made for this Node.
 * @param {string} root
 */
export function packagesAreInstalled(root) {
  try {
    return readFileSync(join(root, STAMP), 'utf8') === fingerprint(root) && hasNativePackage(root);
  } catch (error) {
    if (error.code === 'ENOENT') return false;
    throw error;
  }
}

/** @param {string} root */
export function hasNativePackage(root) {
  return existsSync(join(root, NATIVE));
}

/**
 * Remembers that the packages are as asked for.
 * @param {string} root
 */
export function stampPackages(root) {
  const stamp = join(root, STAMP);
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, fingerprint(root));
}

/** @param {string} root */
function fingerprint(root) {
  const { dependencies, devDependencies, overrides } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .update(JSON.stringify([dependencies, devDependencies, overrides]))
    .update(`${process.platform}-${process.arch}-${process.versions.modules}`)
    .digest('hex');
}
