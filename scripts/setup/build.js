import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a build is made from. */
const SOURCES = ['src', 'web', 'scripts/build.js', 'package.json', 'tsconfig.json'];
const STAMP = 'built-from';

/**
 * Whether the build was made from the sources as they are now. Compares names, sizes and times rather than asking what is
 * newer: a file that was deleted, or put back from a backup with its old time, is a change too.
 * @param {string} root
 */
export function buildIsFresh(root) {
  try {
    return readFileSync(join(root, 'dist', STAMP), 'utf8') === sourcesFingerprint(root);
  } catch (error) {
    if (error.code === 'ENOENT') return false;
    throw error;
  }
}

/**
 * Leaves in a finished build what it was made from.
 * @param {string} folder
 * @param {string} fingerprint taken before the build began: what changes meanwhile must be built again
 */
export function stampBuild(folder, fingerprint) {
  writeFileSync(join(folder, STAMP), fingerprint);
}

/** @param {string} root */
export function sourcesFingerprint(root) {
  const hash = createHash('sha256').update(process.versions.node.split('.')[0]);
  for (const source of SOURCES) addTo(hash, root, source);
  return hash.digest('hex');
}

/**
 * @param {import('node:crypto').Hash} hash
 * @param {string} root
 * @param {string} path
 */
function addTo(hash, root, path) {
  const found = statSync(join(root, path));
  if (found.isDirectory()) {
    for (const name of readdirSync(join(root, path)).sort()) addTo(hash, root, `${path}/${name}`);
  } else {
    hash.update(`${path}\0${found.size}\0${found.mtimeMs}\0`);
  }
}
