/**
 * The settings that were changed on the page or with `longhand settings`: `settings.json` in the data folder, a layer
 * between the user's own file, whose comments stay as they are, and the defaults. Only the owner of the folder writes it.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../domain/errors.ts';
import { SETTINGS, type SettingName } from './schema.ts';

export interface KeptSettings {
  path: string;
  values: Readonly<Record<string, unknown>>;
  /** Sentences for the user: what in it counts for nothing. */
  warnings: string[];
}

/** Where they are kept. */
export function keptSettingsFile(dataDir: string): string {
  return join(dataDir, 'settings.json');
}

/**
 * Reads them. Names that only a newer version knows stay in the file and count for nothing.
 * @throws UsageError when the file is not as Longhand has written it
 */
export function readKeptSettings(dataDir: string): KeptSettings {
  const path = keptSettingsFile(dataDir);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Where the data folder is none, whoever uses it says so.
    if (code === 'ENOENT' || code === 'ENOTDIR') return { path, values: {}, warnings: [] };
    return { path, values: {}, warnings: [`The settings in ${path} do not count: it cannot be read (${code}).`] };
  }
  const values = objectOf(text);
  if (!values) {
    throw new UsageError(
      `The file ${path} is not as Longhand has written it.`,
      'Correct it, or delete it: then what was set on the page is as it was before.',
    );
  }
  const unknown = Object.keys(values).filter((name) => !isSetting(name));
  const warnings = unknown.map(
    (name) => `The setting ${JSON.stringify(name)} in ${path} is not known to this version.`,
  );
  return { path, values, warnings };
}

/** Whether there is a setting of that name. */
export function isSetting(name: string): name is SettingName {
  return Object.hasOwn(SETTINGS, name);
}

function objectOf(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
