import { type Config, SETTINGS, type SettingName } from './schema.ts';
import { type SettingSource, sourceOf } from './sources.ts';

/** A setting as it may be shown. */
export interface ToldSetting {
  /** In the settings file. */
  name: string;
  /** In the environment. */
  variable: string;
  /** What it is, in which unit. */
  about: string;
  /** Null where nothing is set. */
  value: string | number | boolean | null;
  source: SettingSource;
}

/** A setting with such a name is never shown, whatever it is. */
const SECRET_NAME = /key|password|secret|token/i;
const HIDDEN = '[hidden]';

/**
 * Every setting with its value and where that came from, in their order.
 * @param hide hides what must not be seen in a text
 */
export function toldSettings(config: Config, hide: (text: string) => string): ToldSetting[] {
  return (Object.keys(SETTINGS) as SettingName[]).map((name) => ({
    name,
    variable: SETTINGS[name].env,
    about: SETTINGS[name].about,
    value: shown(name, config[name], hide),
    source: sourceOf(config, name),
  }));
}

function shown(name: string, value: unknown, hide: (text: string) => string): ToldSetting['value'] {
  if (value === undefined || value === null) return null;
  if (SECRET_NAME.test(name) && typeof value === 'string') return HIDDEN;
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  return hide(typeof value === 'string' ? value : JSON.stringify(value));
}
