/** Where each setting came from, for whoever shows or changes them. */
import { type Config, SETTINGS, type SettingName } from './schema.ts';

/** `page`: changed on the page or with `longhand settings`, and kept by Longhand itself. */
export type SettingSource = 'flag' | 'environment' | 'file' | 'page' | 'default';

export interface Sources {
  of: Readonly<Record<SettingName, SettingSource>>;
  /** The user's settings file. */
  file: string;
  /** The value of each setting without what was changed on the page. */
  defaults: Readonly<Partial<Record<SettingName, unknown>>>;
}

const known = new WeakMap<Config, Sources>();

/** Called by whoever has read the settings. */
export function noteSources(config: Config, sources: Sources): void {
  known.set(config, Object.freeze(sources));
}

/** Of settings that were not read but put together the source is not known: they count as defaults. */
export function sourceOf(config: Config, name: SettingName): SettingSource {
  return known.get(config)?.of[name] ?? 'default';
}

/** What a setting is when nobody sets it. */
export function defaultOf(config: Config, name: SettingName): unknown {
  const sources = known.get(config);
  return sources && name in sources.defaults ? sources.defaults[name] : SETTINGS[name].type.safeParse(undefined).data;
}

/** Where somebody has set it, as a sentence goes on: `by the variable LONGHAND_MODEL`; undefined where it may be changed. */
export function whereSet(config: Config, name: SettingName): string | undefined {
  switch (sourceOf(config, name)) {
    case 'flag':
      return 'by a flag of the command that runs the service';
    case 'environment':
      return `by the variable ${SETTINGS[name].env}`;
    case 'file':
      return `in the file ${known.get(config)?.file}`;
    case 'page':
    case 'default':
      return undefined;
  }
}
