import { loadConfig } from '../config/load.ts';
import { type Config, SETTINGS, type SettingName } from '../config/schema.ts';
import { nearest } from '../config/suggest.ts';
import { UsageError } from '../domain/errors.ts';
import type { EngineName } from '../engines/engine.ts';
import { modelAsGiven } from '../jobs/submission.ts';
import type { ProgressReport } from '../pipeline/progress.ts';

/** What `runTranscription` understands. What is not given comes from the environment, the settings file, the defaults. */
export interface TranscriptionOptions {
  /** `auto`, a name such as `base`, or the path of a model's file. */
  model?: string | undefined;
  /** The recogniser; `auto` takes the best one that is installed. */
  engine?: EngineName | 'auto' | undefined;
  /** The language spoken: `auto`, `en`, `th`, … (BCP 47). */
  language?: string | undefined;
  /** Engine workers side by side; 2 by default. Capped by the machine's cores. */
  processes?: number | undefined;
  /** Threads of each engine worker; 8 by default. All together are capped by the machine's cores. */
  workers?: number | undefined;
  /** Seconds of a chunk, the unit of the checkpoint; the engine's own by default. */
  chunkDuration?: number | undefined;
  /** Seconds that neighbouring chunks share; 0 by default. */
  overlap?: number | undefined;
  /** Called as the job comes along, for the last time with 100 per cent. What it throws is counted and told in `logs`. */
  onProgress?: ((progress: ProgressReport) => unknown) | undefined;
  /**
   * Keeps the job in the data folder under this number, 1 to 2^52: it can be resumed by calling again with the same
   * number and recording. Without it nothing is kept.
   */
  jobId?: number | undefined;
  /** Folder of the database, the jobs and the logs. */
  dataDir?: string | undefined;
  /** Folder of the models and built engines. */
  cacheDir?: string | undefined;
  /** Stops the job at its checkpoint; the call then rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** Options that are settings under another name, or the same. */
const SETTING_OF = {
  model: 'model',
  engine: 'engine',
  language: 'language',
  processes: 'processes',
  workers: 'workers',
  chunkDuration: 'chunkDurationSeconds',
  overlap: 'overlapSeconds',
  dataDir: 'dataDir',
  cacheDir: 'cacheDir',
} as const satisfies Partial<Record<keyof TranscriptionOptions, SettingName>>;

const OPTIONS = [...Object.keys(SETTING_OF), 'onProgress', 'jobId', 'signal'];
/** Unless an option or a setting says otherwise. */
const DEFAULT_WORKERS = 8;
/** As the store has it. */
const MAX_JOB_ID = 2 ** 52;

export interface Settings {
  config: Config;
  /** Sentences for the user: variables that look like settings and are none. */
  warnings: string[];
}

/**
 * Checks the options and reads the settings with them.
 * @throws UsageError that names the option or setting and says what it may be
 */
export function settingsWith(options: TranscriptionOptions): Settings {
  requireKnown(options);
  const flags: Record<string, unknown> = {};
  for (const [option, setting] of Object.entries(SETTING_OF) as [keyof typeof SETTING_OF, SettingName][]) {
    if (options[option] !== undefined) flags[setting] = checked(option, setting, options[option]);
  }
  const { config, warnings } = loadConfig(flags);
  const model = modelAsGiven(config.model);
  const workers = options.workers ?? workersWithout(config);
  return { config: Object.freeze({ ...config, model, workers }), warnings };
}

function requireKnown(options: TranscriptionOptions): void {
  if (typeof options !== 'object' || options === null) throw new UsageError('The options must be an object.');
  for (const name of Object.keys(options)) {
    if (OPTIONS.includes(name)) continue;
    const close = nearest(name, OPTIONS);
    throw new UsageError(
      `There is no option "${name}".`,
      close ? `Did you mean "${close}"?` : `Options are: ${OPTIONS.join(', ')}.`,
    );
  }
  const { jobId, onProgress, signal } = options;
  if (jobId !== undefined && !(Number.isInteger(jobId) && jobId >= 1 && jobId <= MAX_JOB_ID)) {
    throw new UsageError('The option jobId must be a whole number from 1 to 2^52.', 'Leave it out to keep no record.');
  }
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw new UsageError('The option onProgress must be a function.');
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new UsageError('The option signal must be an AbortSignal.', 'Pass the signal of an AbortController.');
  }
}

function checked(option: string, setting: SettingName, value: unknown): unknown {
  const { type, about } = SETTINGS[setting];
  const parsed = type.safeParse(value);
  if (parsed.success) return value;
  const problem = parsed.error.issues[0]?.message ?? 'it is not valid';
  throw new UsageError(`The option ${option} cannot be used: ${problem}.`, `It is: ${about}.`);
}

/** What was set, or our default. A setting that was left alone is the number of cores. */
function workersWithout({ workers }: Config): number {
  return workers === SETTINGS.workers.type.parse(undefined) ? DEFAULT_WORKERS : workers;
}
