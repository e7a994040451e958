/** Where each setting came from, for whoever shows them. */
import type { Config, SettingName } from './schema.ts';

export type SettingSource = 'flag' | 'environment' | 'file' | 'default';

const known = new WeakMap<Config, Readonly<Record<SettingName, SettingSource>>>();

/** Called by whoever has read the settings. */
export function noteSources(config: Config, sources: Record<SettingName, SettingSource>): void {
  known.set(config, Object.freeze(sources));
}

/** Of settings that were not read but put together the source is not known: they count as defaults. */
export function sourceOf(config: Config, name: SettingName): SettingSource {
  return known.get(config)?.[name] ?? 'default';
}
