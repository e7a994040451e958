import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import type * as z from 'zod';
import { UsageError } from '../domain/errors.ts';
import { SETTING_FORMS } from './forms.ts';
import { readKeptSettings } from './kept.ts';
import { platformFolders } from './paths.ts';
import { type Config, type ConfigInput, SETTINGS, type SettingName } from './schema.ts';
import { noteSources, type SettingSource } from './sources.ts';
import { nearest } from './suggest.ts';

/** Variables of ours that are no settings. */
const OTHER_VARIABLES = ['LONGHAND_CONFIG', 'LONGHAND_DEBUG', 'LONGHAND_RUN_TOKEN'];

export interface Loaded {
  config: Config;
  /** Sentences for the user: variables that look like settings and are none. */
  warnings: string[];
}

/**
 * Reads all settings once: flags over environment over file over what was changed on the page over defaults.
 * @param flags values from the command line; undefined where nothing was said
 * @throws UsageError naming the setting, where it came from and what it may be
 */
export function loadConfig(flags: ConfigInput = {}, env: NodeJS.ProcessEnv = process.env): Loaded {
  const folders = platformFolders(env);
  const file = env.LONGHAND_CONFIG ?? join(folders.config, 'config.toml');
  const fromFile = readConfigFile(file, env.LONGHAND_CONFIG !== undefined);
  const defaults = { dataDir: folders.data, cacheDir: folders.cache };
  const layersOf = (name: SettingName): Layer[] => [
    { source: 'flag', from: 'the command line', value: flags[name] },
    // An empty variable is one that was not set.
    { source: 'environment', from: SETTINGS[name].env, value: env[SETTINGS[name].env] || undefined },
    { source: 'file', from: file, value: fromFile[name] },
    { source: 'default', from: 'the default', value: (defaults as Partial<Record<SettingName, string>>)[name] },
  ];
  const dataDir = resolve(settingFrom('dataDir', layersOf('dataDir')) as string);
  const kept = readKeptSettings(dataDir);
  const values: Record<string, unknown> = {};
  const sources = {} as Record<SettingName, SettingSource>;
  for (const name of Object.keys(SETTINGS) as SettingName[]) {
    const layers = layersOf(name);
    // Those that no page may change are not looked for in what was changed there.
    const isOpen = typeof SETTING_FORMS[name].change === 'string';
    if (isOpen) layers.splice(-1, 0, { source: 'page', from: kept.path, value: kept.values[name] });
    values[name] = settingFrom(name, layers);
    sources[name] = layers.find(({ value }) => value !== undefined)?.source ?? 'default';
  }
  values.dataDir = dataDir;
  values.cacheDir = resolve(values.cacheDir as string);
  const config = Object.freeze(values) as Config;
  noteSources(config, { of: sources, file, defaults });
  return { config, warnings: [...unknownVariables(env), ...kept.warnings] };
}

interface Layer {
  source: SettingSource;
  /** As a sentence names it. */
  from: string;
  value: unknown;
}

function settingFrom(name: SettingName, layers: readonly Layer[]): unknown {
  const given = layers.find(({ value }) => value !== undefined);
  const type: z.ZodType = SETTINGS[name].type;
  const parsed = type.safeParse(given?.value);
  if (parsed.success) return parsed.data;
  const problem = parsed.error.issues[0]?.message ?? 'it is not valid';
  // Never the value itself: it may be a secret.
  throw new UsageError(
    `The setting ${name} from ${given?.from ?? 'nowhere'} cannot be used: ${problem}.`,
    `It is: ${SETTINGS[name].about} (${SETTINGS[name].env}).`,
  );
}

function readConfigFile(path: string, required: boolean): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && !required) return {};
    throw new UsageError(`The settings file ${path} cannot be read: ${(error as Error).message}.`);
  }
  let values: Record<string, unknown>;
  try {
    values = parse(text);
  } catch (error) {
    throw new UsageError(`The settings file ${path} is not valid TOML${whereIn(error)}.`);
  }
  for (const key of Object.keys(values)) {
    if (Object.hasOwn(SETTINGS, key)) continue;
    const close = nearest(key, Object.keys(SETTINGS));
    throw new UsageError(
      `Unknown setting "${key}" in ${path}.`,
      close ? `Did you mean "${close}"?` : `Settings are: ${Object.keys(SETTINGS).join(', ')}.`,
    );
  }
  return values;
}

/** What is wrong and where, without the parser's picture of the line: it may hold a secret. */
function whereIn(error: unknown): string {
  if (!(error instanceof TomlError)) return '';
  const [what = ''] = error.message.replace('Invalid TOML document: ', '').split('\n');
  return ` (line ${error.line}, column ${error.column}: ${what})`;
}

function unknownVariables(env: NodeJS.ProcessEnv): string[] {
  const known = [...Object.values(SETTINGS).map((setting) => setting.env), ...OTHER_VARIABLES];
  return Object.keys(env)
    .filter((name) => name.startsWith('LONGHAND_') && !known.includes(name))
    .map((name) => {
      const close = nearest(name, known);
      return `The variable ${name} is not a setting${close ? `; did you mean ${close}?` : '.'}`;
    });
}
