import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import type { Config } from '../config/schema.ts';
import { byteSize } from '../domain/bytes.ts';
import { ModelError } from '../domain/errors.ts';
import type { ModelEntry } from '../domain/model-shelf.ts';
import type { Engine, EngineSettings } from '../engines/engine.ts';
import { listModels, verifyModel } from '../engines/models.ts';
import { diskSpaceOf } from '../files/disk-space.ts';
import type { DatabaseState } from '../jobs/database-state.ts';
import { findProgram } from '../native/spawn.ts';
import { VERSION } from '../version.ts';
import { examineDatabase } from './examine-database.ts';
import { examineMemory } from './examine-memory.ts';
import {
  examineSupervision,
  type HealthAnswer,
  NOTHING_YET,
  type Supervision,
  type SupervisionFound,
  UNKNOWN,
} from './examine-supervision.ts';

/** What `longhand doctor` found out about one thing. */
export interface Examined {
  name: string;
  /**
   * `missing` keeps recordings from being transcribed, `warning` does not yet, and `optional` is a thing that this
   * machine does without.
   */
  state: 'good' | 'optional' | 'warning' | 'missing';
  detail: string;
  remedy?: string;
}

export interface Examination extends Supervision {
  /** `unhealthy` when recordings cannot be transcribed here, `degraded` when somebody should look at something. */
  status: 'healthy' | 'degraded' | 'unhealthy';
  database: DatabaseState;
  checks: Examined[];
}

/** Less than this and a long recording may not fit decoded. */
const LOW_DISK_BYTES = 1024 * 1024 * 1024;
const PROGRAM_TIMEOUT_MS = 10_000;

/** Models are read at some 500 MB a second; when that takes more than a moment, it is said. */
const LONG_READING_BYTES = 1024 * 1024 * 1024;

/**
 * Looks at everything a transcription needs.
 * @param askHealth asks the owner of the data folder, or becomes it for a moment, which ends what a dead one had left
 * @param onLong is told what takes a while
 */
export async function examine(
  config: Config,
  engines: readonly Engine[],
  settings: EngineSettings,
  askHealth: () => Promise<HealthAnswer>,
  onLong: (sentence: string) => void = () => undefined,
): Promise<Examination> {
  const [checks, memory, { found, ...supervision }] = await Promise.all([
    Promise.all([
      { name: 'longhand', state: 'good', detail: `${VERSION}, Node ${process.versions.node}` } as const,
      program('ffmpeg'),
      program('ffprobe'),
      ...engines.map((engine) => examineEngine(engine, settings)),
      examineModels(config, onLong),
      folder('data folder', config.dataDir, 'LONGHAND_DATA'),
      folder('cache folder', config.cacheDir, 'LONGHAND_CACHE'),
      disk(config.dataDir),
    ]),
    examineMemory(config, engines, settings),
    examineStore(config, askHealth),
  ]);
  const all = [...checks, ...missingEngine(checks), ...memory, ...found];
  return { status: statusOf(all), ...supervision, checks: all };
}

function statusOf(checks: readonly Examined[]): Examination['status'] {
  if (checks.some(({ state }) => state === 'missing')) return 'unhealthy';
  return checks.some(({ state }) => state === 'warning') ? 'degraded' : 'healthy';
}

function missingEngine(checks: readonly Examined[]): Examined[] {
  if (checks.some(({ name, state }) => state === 'good' && name.startsWith('engine '))) return [];
  return [{ name: 'engine', state: 'missing', detail: 'no engine can work here', remedy: 'See the engines above.' }];
}

/** The database, and what its owner says. Without a whole database nobody can become the owner, so nobody is asked. */
async function examineStore(
  config: Config,
  askHealth: () => Promise<HealthAnswer>,
): Promise<SupervisionFound & { database: DatabaseState }> {
  const { state: database, lines } = await examineDatabase(config);
  if (database.state === 'none') return { ...NOTHING_YET, database, found: lines };
  if (database.state === 'unusable') return { ...UNKNOWN, database, found: lines };
  const { found, ...supervision } = await examineSupervision(askHealth);
  return { ...supervision, database, found: [...lines, ...found] };
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

async function examineModels({ cacheDir }: Config, onLong: (sentence: string) => void): Promise<Examined> {
  const models = (await listModels(cacheDir)).filter(({ path }) => path !== undefined);
  if (models.length === 0) {
    return { name: 'models', state: 'optional', detail: 'none for Whisper', remedy: 'longhand models pull base' };
  }
  const bytes = models.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  if (bytes > LONG_READING_BYTES) onLong(`Reading the models through (${byteSize(bytes)})`);
  for (const model of models) {
    const problem = model.problem ?? (await changeOf(model, cacheDir));
    if (!problem) continue;
    const addAgain = `longhand models remove ${model.name} && longhand models add FILE`;
    const remedy = model.inCatalogue ? `longhand models pull ${model.name}` : addAgain;
    return { name: 'models', state: 'warning', detail: `${model.name} is damaged: ${problem}`, remedy };
  }
  return { name: 'models', state: 'good', detail: models.map(({ name }) => name).join(', ') };
}

/** Why a model is not what was installed, or undefined. */
async function changeOf({ name }: ModelEntry, cacheDir: string): Promise<string | undefined> {
  try {
    await verifyModel(name, { cacheDir });
    return undefined;
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    return error.evidence ?? error.message;
  }
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
  const { freeBytes: free } = await diskSpaceOf(await nearestExisting(dataDir));
  const detail = `${byteSize(free)} free; an hour of recording needs 110 MB while it is worked on`;
  if (free >= LOW_DISK_BYTES) return { name: 'disk', state: 'good', detail };
  return {
    name: 'disk',
    state: 'warning',
    detail,
    remedy: 'Free some space, or choose another folder with LONGHAND_DATA.',
  };
}

async function nearestExisting(path: string): Promise<string> {
  for (let at = path; ; at = dirname(at)) {
    if ((await exists(at)) || at === dirname(at)) return at;
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
