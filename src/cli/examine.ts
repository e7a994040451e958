import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import type { Config } from '../config/schema.ts';
import { systemClock } from '../domain/clock.ts';
import type { Engine, EngineSettings } from '../engines/engine.ts';
import { listModels } from '../engines/models.ts';
import { findProgram } from '../native/spawn.ts';
import { VERSION } from '../version.ts';
import { byteSize } from './output.ts';

/** What `longhand doctor` found out about one thing. */
export interface Examined {
  name: string;
  /** `missing` keeps recordings from being transcribed; `optional` does not. */
  state: 'good' | 'optional' | 'missing';
  detail: string;
  remedy?: string;
}

/** Less than this and a long recording may not fit decoded. */
const LOW_DISK_BYTES = 1024 * 1024 * 1024;
const PROGRAM_TIMEOUT_MS = 10_000;

/** Looks at everything a transcription needs. Changes nothing. */
export async function examine(
  config: Config,
  engines: readonly Engine[],
  settings: EngineSettings,
): Promise<Examined[]> {
  const checks = await Promise.all([
    { name: 'longhand', state: 'good', detail: `${VERSION}, Node ${process.versions.node}` } as const,
    program('ffmpeg'),
    program('ffprobe'),
    ...engines.map((engine) => examineEngine(engine, settings)),
    examineModels(config),
    folder('data folder', config.dataDir, 'LONGHAND_DATA'),
    folder('cache folder', config.cacheDir, 'LONGHAND_CACHE'),
    disk(config.dataDir),
    database(config.dataDir),
  ]);
  const oneEngine = checks.some(({ name, state }) => state === 'good' && name.startsWith('engine '));
  if (oneEngine) return checks;
  return [
    ...checks,
    { name: 'engine', state: 'missing', detail: 'no engine can work here', remedy: 'See the engines above.' },
  ];
}

async function program(name: string): Promise<Examined> {
  const path = findProgram(name);
  if (!path) {
    const remedy = process.platform === 'darwin' ? 'brew install ffmpeg' : 'apt-get install ffmpeg';
    return { name, state: 'missing', detail: 'not found on PATH', remedy };
  }
  try {
    const { stdout } = await promisify(execFile)(path, ['-version'], { timeout: PROGRAM_TIMEOUT_MS });
    const version = /version (\S+)/.exec(stdout)?.[1] ?? 'unknown version';
    return { name, state: 'good', detail: `${version} at ${path}` };
  } catch (error) {
    return {
      name,
      state: 'missing',
      detail: `${path} does not run: ${(error as Error).message}`,
      remedy: 'Install it anew.',
    };
  }
}

async function examineEngine(engine: Engine, settings: EngineSettings): Promise<Examined> {
  const { available, detail, remedy } = await engine.check(settings);
  const state = available ? 'good' : 'optional';
  return { name: `engine ${engine.name}`, state, detail, ...(remedy ? { remedy } : {}) };
}

async function examineModels({ cacheDir }: Config): Promise<Examined> {
  const models = await listModels(cacheDir);
  const damaged = models.filter(({ problem }) => problem);
  if (damaged.length > 0) {
    const [first] = damaged;
    const detail = damaged.map(({ name, problem }) => `${name} is damaged: ${problem}`).join('; ');
    return { name: 'models', state: 'optional', detail, remedy: `longhand models pull ${first?.name}` };
  }
  const installed = models.filter((model) => model.installed).map(({ name }) => name);
  if (installed.length > 0) return { name: 'models', state: 'good', detail: installed.join(', ') };
  return { name: 'models', state: 'optional', detail: 'none for Whisper', remedy: 'longhand models pull base' };
}

async function folder(name: string, path: string, variable: string): Promise<Examined> {
  const nearest = await nearestExisting(path);
  try {
    await access(nearest, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const detail = `${path} cannot be written (${(error as NodeJS.ErrnoException).code})`;
    return { name, state: 'missing', detail, remedy: `Make it writable, or choose another one with ${variable}.` };
  }
  return { name, state: 'good', detail: nearest === path ? path : `${path} (will be made)` };
}

async function disk(dataDir: string): Promise<Examined> {
  const { bavail, bsize } = await statfs(await nearestExisting(dataDir));
  const free = bavail * bsize;
  const detail = `${byteSize(free)} free; an hour of recording needs 110 MB while it is worked on`;
  if (free >= LOW_DISK_BYTES) return { name: 'disk', state: 'good', detail };
  return {
    name: 'disk',
    state: 'optional',
    detail,
    remedy: 'Free some space, or choose another folder with LONGHAND_DATA.',
  };
}

async function database(dataDir: string): Promise<Examined> {
  const file = `${dataDir}/longhand.db`;
  const there = await access(file).then(
    () => true,
    () => false,
  );
  if (!there) return { name: 'database', state: 'good', detail: 'none yet' };
  const { checkDatabase } = await import('../store/check.ts');
  const problem = checkDatabase(file);
  if (!problem)
    return { name: 'database', state: 'good', detail: `${file}, checked ${new Date(systemClock.now()).toISOString()}` };
  return {
    name: 'database',
    state: 'missing',
    detail: `${file}: ${problem}`,
    remedy: 'Run longhand jobs: it names the newest good backup, if there is one.',
  };
}

async function nearestExisting(path: string): Promise<string> {
  for (let at = path; ; at = dirname(at)) {
    const there = await access(at).then(
      () => true,
      () => false,
    );
    if (there || at === dirname(at)) return at;
  }
}
