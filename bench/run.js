// Runs a measurement: node bench/run.js NAME [arguments]. Bundles bench/NAME.ts as the product is bundled, runs it, and
// ends with its exit code.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const names = readdirSync(here).flatMap((file) => (file.endsWith('.ts') ? [file.slice(0, -3)] : []));
const [name = '', ...rest] = process.argv.slice(2);

if (!names.includes(name)) {
  console.error(`Usage: node bench/run.js NAME, where NAME is one of: ${names.join(', ')}`);
  process.exit(2);
}

// Inside node_modules, so that what stays outside the bundle is found from there.
const bundle = join(here, '..', 'node_modules', '.cache', `bench-${name}-${process.pid}.mjs`);
const clean = () => {
  if (existsSync(bundle)) rmSync(bundle);
};
process.on('exit', clean);

await build({
  entryPoints: [join(here, `${name}.ts`)],
  outfile: bundle,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  external: ['better-sqlite3', '@fastify/swagger-ui', 'playwright-core'],
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
});

// The measurement gets an interrupt as well and cleans up after itself; its runner waits for that.
process.on('SIGINT', () => {});
const { status, signal } = spawnSync(process.execPath, [bundle, ...rest], { stdio: 'inherit' });
process.exitCode = status ?? 128 + (signal ? constants.signals[signal] : 0);
