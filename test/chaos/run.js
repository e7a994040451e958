// The chaos run: node test/chaos/run.js [--seed N] [--kills N] [--jobs N] [--engine NAME] [--keep FOLDER]. Bundles run/driver.ts as the
// product is bundled, runs it, and ends with its exit code: 1 when something was found.
//
// Root gives it a mount namespace of its own, in which it may mount a small disk that nobody else sees and that is gone
// when its processes are, however they end.
import { spawn, spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
// Inside node_modules, so that what stays outside the bundle is found from there.
const bundle = join(here, '..', '..', 'node_modules', '.cache', `chaos-driver-${process.pid}.mjs`);
const OWN_MOUNTS = ['unshare', '--mount', '--propagation', 'private', '--'];

await build({
  entryPoints: [join(here, 'run', 'driver.ts')],
  outfile: bundle,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  external: ['better-sqlite3', 'esbuild'],
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
});

const mayMount = process.getuid?.() === 0 && works([...OWN_MOUNTS, 'true']);
const command = [process.execPath, bundle, ...process.argv.slice(2), ...(mayMount ? ['--own-mounts'] : [])];
const [program, ...args] = mayMount ? [...OWN_MOUNTS, ...command] : command;
const driver = spawn(program, args, { stdio: 'inherit' });
// The driver cleans up after itself; a terminal has told it already.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => driver.kill('SIGTERM'));
driver.on('close', (code, signal) => {
  rmSync(bundle, { force: true });
  process.exitCode = code ?? 128 + constants.signals[signal];
});

/** @param {string[]} command */
function works([name, ...rest]) {
  return spawnSync(name, rest, { stdio: 'ignore' }).status === 0;
}
