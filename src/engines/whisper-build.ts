/**
 * Builds whisper-cli from source for this machine's own processor.
 *
 * The source is the copy of whisper.cpp in the npm package nodejs-whisper, pinned and checked, fetched with the npm that
 * came with Node: where Longhand could be installed, this can be too. No script of that package is run. Everything
 * happens in a folder of this build's own, which becomes `<cache>/engines/whisper-<version>` by one rename at the end.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  access,
  chmod,
  constants,
  copyFile,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  writeFile,
} from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { EngineError, NetworkError } from '../domain/errors.ts';
import { Guard } from '../native/guard.ts';
import { deathSignalPrefix, findProgram } from '../native/spawn.ts';
import { isAlive } from './alive.ts';

/** The version of whisper.cpp that the package below holds (its CMakeLists.txt). */
export const WHISPER_VERSION = '1.9.1';
const PACKAGE = 'nodejs-whisper@0.3.1';
const PACKAGE_FILE = 'nodejs-whisper-0.3.1.tgz';
const SOURCE_IN_PACKAGE = 'package/cpp/whisper.cpp';
/** The sha512 of the package as published (`npm view nodejs-whisper@0.3.1 dist.integrity`). */
const PACKAGE_SHA512 = 'ceoilUVraRuR5FnNyXpGQT2auAR48Oc3AQBEmkXnVpSn9iN6yVRzQBFCqVTGWbk6Wdi95NhvwXNzFvuR7erLWw==';

const CMAKE_OPTIONS = [
  '-DCMAKE_BUILD_TYPE=Release',
  '-DBUILD_SHARED_LIBS=OFF',
  '-DGGML_NATIVE=ON',
  '-DGGML_CCACHE=OFF',
  '-DWHISPER_BUILD_TESTS=OFF',
];

/** Lines of a failed step that go with the error. */
const EVIDENCE_LINES = 30;

export interface InstallOptions {
  cacheDir: string;
  /** Receives what npm, cmake and the compiler say. */
  onLine?(line: string): void;
  signal?: AbortSignal;
}

export interface InstalledWhisper {
  program: string;
  version: string;
  /** False when it was there already. */
  built: boolean;
}

/** What is written down beside a built program. */
interface BuildRecord {
  version: string;
  source: string;
  /** It uses this processor's instructions and may not run on another. */
  processor: string;
}

/** The whisper-cli that was built into the cache folder for this machine's processor, or undefined. */
export async function builtWhisper(cacheDir: string): Promise<string | undefined> {
  const folder = finalFolder(cacheDir);
  try {
    const record = JSON.parse(await readFile(join(folder, 'build.json'), 'utf8')) as Partial<BuildRecord>;
    const program = join(folder, 'whisper-cli');
    await access(program, constants.X_OK);
    return record.version === WHISPER_VERSION && record.processor === thisProcessor() ? program : undefined;
  } catch {
    return undefined; // Not there, or not whole: either way it is to be built.
  }
}

/**
 * Builds and installs whisper-cli unless it is there. Takes two to five minutes and a compiler.
 * @throws EngineError when a program is missing (the remedy is the command that installs it), the source is not the
 *   pinned one, or a step fails · NetworkError when the package cannot be fetched · the signal's reason when aborted.
 *   After any of them nothing is left behind.
 */
export async function installWhisper(options: InstallOptions): Promise<InstalledWhisper> {
  const { cacheDir, signal } = options;
  const existing = await builtWhisper(cacheDir);
  if (existing) return { program: existing, version: WHISPER_VERSION, built: false };
  const tools = findTools();
  signal?.throwIfAborted();
  const engines = join(cacheDir, 'engines');
  await mkdir(engines, { recursive: true, mode: 0o700 });
  await removeAbandoned(engines);
  const work = join(engines, `.build-${process.pid}-${randomBytes(4).toString('hex')}`);
  await mkdir(work, { mode: 0o700 });
  try {
    const source = await fetchSource(work, tools, options);
    const program = await compile(work, source, tools, options);
    return { program: await settle(work, program, cacheDir, options), version: WHISPER_VERSION, built: true };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

interface Tools {
  npm: string;
  tar: string;
  cmake: string;
}

function findTools(): Tools {
  const [npm, tar, cmake] = ['npm', 'tar', 'cmake'].map((name) => findProgram(name));
  const compiler = findProgram('c++') ?? findProgram('g++') ?? findProgram('clang++');
  const builder = findProgram('make') ?? findProgram('ninja');
  const missing = [
    ...(npm ? [] : ['npm']),
    ...(tar ? [] : ['tar']),
    ...(cmake ? [] : ['cmake']),
    ...(compiler ? [] : ['a C++ compiler']),
    ...(builder ? [] : ['make']),
  ];
  if (npm && tar && cmake && missing.length === 0) return { npm, tar, cmake };
  throw new EngineError(`Whisper cannot be built here: ${missing.join(', ')} missing.`, {
    remedy:
      process.platform === 'darwin'
        ? 'Run: xcode-select --install; brew install cmake node'
        : 'Run: sudo apt-get install -y cmake g++ make tar',
  });
}

/** The package, checked and unpacked; returns the folder of the source. */
async function fetchSource(work: string, tools: Tools, options: InstallOptions): Promise<string> {
  const packed = await run(
    tools.npm,
    ['pack', PACKAGE, '--ignore-scripts', '--prefer-offline', '--pack-destination', work],
    work,
    options,
  );
  if (packed.code !== 0) {
    throw new NetworkError(`The source of Whisper (${PACKAGE}) cannot be fetched.`, {
      remedy: 'Check that npm reaches its registry: npm ping',
      evidence: packed.tail,
    });
  }
  const file = join(work, PACKAGE_FILE);
  const found = createHash('sha512')
    .update(await readFile(file))
    .digest('base64');
  if (found !== PACKAGE_SHA512) {
    throw new EngineError(`The source of Whisper that npm delivered is not the pinned ${PACKAGE}.`, {
      remedy: 'Check which registry npm uses: npm config get registry',
      evidence: `expected sha512-${PACKAGE_SHA512}, found sha512-${found}`,
    });
  }
  await must('unpack the source', tools.tar, ['-xzf', PACKAGE_FILE, SOURCE_IN_PACKAGE], work, options);
  return join(work, SOURCE_IN_PACKAGE);
}

/** Returns the built program, inside the work folder. */
async function compile(work: string, source: string, tools: Tools, options: InstallOptions): Promise<string> {
  const build = join(work, 'build');
  await must('configure', tools.cmake, ['-S', source, '-B', build, ...CMAKE_OPTIONS], work, options);
  const jobs = String(availableParallelism());
  await must('compile', tools.cmake, ['--build', build, '--parallel', jobs, '--target', 'whisper-cli'], work, options);
  return join(build, 'bin', 'whisper-cli');
}

/** Tries the program out and moves it to its place. */
async function settle(work: string, built: string, cacheDir: string, options: InstallOptions): Promise<string> {
  const ready = join(work, 'ready');
  await mkdir(ready, { mode: 0o700 });
  const program = join(ready, 'whisper-cli');
  await copyFile(built, program);
  await chmod(program, 0o700);
  await must('start what was built', program, ['--version'], work, options);
  const record: BuildRecord = { version: WHISPER_VERSION, source: PACKAGE, processor: thisProcessor() };
  await writeFile(join(ready, 'build.json'), `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600, flush: true });
  await synced(program);
  const place = finalFolder(cacheDir);
  try {
    await rename(ready, place);
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    // Another build of the same was faster, or there is one for another processor.
    if (!(await builtWhisper(cacheDir))) {
      await rename(place, join(work, 'replaced'));
      await rename(ready, place);
    }
  }
  return join(place, 'whisper-cli');
}

async function synced(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

function finalFolder(cacheDir: string): string {
  return join(cacheDir, 'engines', `whisper-${WHISPER_VERSION}`);
}

function thisProcessor(): string {
  return `${process.platform} ${process.arch} ${cpus()[0]?.model ?? 'unknown'}`;
}

/** Removes the folders of builds whose process was killed. */
async function removeAbandoned(engines: string): Promise<void> {
  for (const name of await readdir(engines)) {
    const pid = /^\.build-(\d+)-/.exec(name)?.[1];
    if (pid && !isAlive(Number(pid))) await rm(join(engines, name), { recursive: true, force: true });
  }
}

async function must(
  step: string,
  program: string,
  args: string[],
  cwd: string,
  options: InstallOptions,
): Promise<void> {
  const { code, tail } = await run(program, args, cwd, options);
  if (code !== 0)
    throw new EngineError(`Whisper could not be built: the attempt to ${step} failed.`, { evidence: tail });
}

/**
 * Runs one step in a process group of its own, so that an abort ends the compilers too. A guard in a third group ends
 * it when this process is killed: it waits on a pipe that closes then.
 */
async function run(
  program: string,
  args: string[],
  cwd: string,
  { onLine, signal }: InstallOptions,
): Promise<{ code: number | null; tail: string }> {
  const [command, ...rest] = [...deathSignalPrefix(), program, ...args] as [string, ...string[]];
  // A compiler that is killed leaves its temporary files behind; here they go with the folder.
  const env = { ...process.env, TMPDIR: cwd };
  const child = spawn(command, rest, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const guard = child.pid === undefined ? undefined : Guard.over(child.pid);
  const kill = () => endGroup(child);
  signal?.addEventListener('abort', kill, { once: true });
  if (signal?.aborted) kill();
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      if (lines.length > EVIDENCE_LINES) lines.shift();
      onLine?.(line);
    });
  }
  try {
    const code = await ended;
    signal?.throwIfAborted();
    return { code, tail: lines.join('\n') };
  } finally {
    signal?.removeEventListener('abort', kill);
    await guard?.dismiss();
  }
}

function endGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
