// `node scripts/build.js [--no-types]`: makes dist/ from src/ (the command, the runner, the library and its types) and from web/ (the page).
import { execFile } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import * as esbuild from 'esbuild';
import { build as buildWithVite } from 'vite';
import { sourcesFingerprint, stampBuild } from './setup/build.js';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const DIST = join(ROOT, 'dist');
const ENTRIES = { longhand: 'src/main.ts', runner: 'src/runner/main.ts', index: 'src/index.ts' };
/** A process that is running may still load a part of the build that it was started from. */
const KEEP_OLD_PARTS_MS = 7 * 24 * 3_600_000;

const fingerprint = sourcesFingerprint(ROOT);
const fresh = mkdtempSync(join(ROOT, 'dist-'));
const removeFresh = () => rmSync(fresh, { recursive: true, force: true });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    removeFresh();
    process.exit(1);
  });
}
try {
  await Promise.all([
    bundle(fresh),
    makePage(join(fresh, 'web')),
    process.argv.includes('--no-types') ? undefined : emitTypes(fresh),
  ]);
  stampBuild(fresh, fingerprint);
  publish(fresh);
} finally {
  removeFresh();
}

/** @param {string} folder */
async function bundle(folder) {
  await esbuild.build({
    absWorkingDir: ROOT,
    entryPoints: ENTRIES,
    outdir: folder,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    splitting: true,
    chunkNames: 'parts/[name]-[hash]',
    // Native; with files of their own; or parts of Fastify that are not used and would only be read at each start. Found
    // through node_modules.
    external: [
      'better-sqlite3',
      '@fastify/swagger-ui',
      '@fastify/ajv-compiler',
      '@fastify/fast-json-stringify-compiler',
      'light-my-request',
    ],
    sourcemap: 'linked',
    // Bundled CommonJS packages call require, which an ES module does not have.
    banner: {
      js: "import { createRequire as createRequireOfBuild } from 'node:module';\nconst require = createRequireOfBuild(import.meta.url);",
    },
    logLevel: 'warning',
  });
}

/**
 * The page, with each of its files also compressed: nobody compresses them while they are sent.
 * @param {string} folder
 */
async function makePage(folder) {
  await buildWithVite({
    configFile: join(ROOT, 'web/vite.config.ts'),
    logLevel: 'warn',
    build: { outDir: folder },
  });
  const assets = join(folder, 'assets');
  for (const file of filesIn(assets).filter((name) => /\.(js|css|svg)$/.test(name))) {
    const content = readFileSync(join(assets, file));
    writeFileSync(join(assets, `${file}.br`), brotliCompressSync(content));
    writeFileSync(join(assets, `${file}.gz`), gzipSync(content, { level: 9 }));
  }
}

/**
 * The compiler takes what it should compile from a file only, so one is written for it.
 * @param {string} folder
 */
async function emitTypes(folder) {
  const project = join(folder, 'tsconfig.json');
  const compilerOptions = { declaration: true, emitDeclarationOnly: true, rootDir: '../src', outDir: 'types' };
  writeFileSync(project, JSON.stringify({ extends: '../tsconfig.json', compilerOptions, include: ['../src'] }));
  const tsc = (/** @type {string[]} */ ...args) =>
    promisify(execFile)(join(ROOT, 'node_modules/.bin/tsc'), args, { cwd: ROOT });
  try {
    await tsc('--project', project);
    // Makes nothing, and finds a sentence that a language of the page lacks.
    await tsc('--noEmit', '--project', 'web');
  } catch (error) {
    throw new Error(`The types cannot be made:\n${error.stdout || error.message}`);
  } finally {
    rmSync(project);
  }
}

/**
 * Moves a finished build into dist/, a file at a time, so that whoever starts or runs meanwhile finds a whole build: parts
 * have their content's hash in their name and go first, the files that name them replace their older selves in one step.
 * @param {string} folder
 */
function publish(folder) {
  const files = filesIn(folder);
  const rank = (/** @type {string} */ file) => (isPart(file) ? 0 : file === 'built-from' ? 2 : 1);
  const isPart = (/** @type {string} */ file) => file.startsWith('parts/') || file.startsWith('web/assets/');
  for (const file of files.sort((a, b) => rank(a) - rank(b))) {
    mkdirSync(dirname(join(DIST, file)), { recursive: true });
    renameSync(join(folder, file), join(DIST, file));
  }
  const built = new Set(files);
  for (const file of filesIn(DIST)) {
    const old = Date.now() - statSync(join(DIST, file)).mtimeMs > KEEP_OLD_PARTS_MS;
    if (!built.has(file) && isPart(file) && old) rmSync(join(DIST, file));
  }
}

/** @param {string} folder */
function filesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}
